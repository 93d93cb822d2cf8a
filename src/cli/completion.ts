/** `pidsim completion`: the script for the shell, and what it asks for at each Tab. */
import type { Argv, CommandModule, Options } from 'yargs';
import { settingPaths } from '../scenario/setting-paths.js';

/** By name, how each command is loaded. */
export type Commands = Readonly<Record<string, () => Promise<CommandModule>>>;

/** Where no word is offered the shell goes on to names of files. Bash 3 and zsh know no `mapfile`. */
const SCRIPT = `# pidsim in bash and zsh, for this shell: source <(pidsim completion)
# for each new one: echo 'source <(pidsim completion)' >> ~/.bashrc  (zsh: ~/.zshrc)
if [ -n "\${ZSH_VERSION:-}" ]; then
  autoload -U +X compinit && compinit
  autoload -U +X bashcompinit && bashcompinit
fi
_pidsim() {
  local word
  COMPREPLY=()
  while IFS= read -r word; do
    COMPREPLY+=("$word")
  done < <(pidsim completion -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _pidsim pidsim
`;

export const completionCommand = (commands: Commands): CommandModule<object, { '--'?: unknown[] }> => ({
  command: 'completion',
  describe: 'A script that completes commands, options and PATHs: source <(pidsim completion)',
  builder: (yargs) => yargs as Argv<{ '--'?: unknown[] }>,
  async handler({ '--': words }) {
    const offered = words === undefined ? null : await complete(words.map(String), commands);
    process.stdout.write(offered === null ? SCRIPT : offered.map((word) => `${word}\n`).join(''));
  },
});

/** What may stand for the last of the words, which is being typed. None: a name of a file, or anything. */
async function complete(words: readonly string[], commands: Commands): Promise<string[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  return (await wordsAfter(before, current, commands)).filter((word) => word.startsWith(current));
}

/** Options whose value begins with a PATH. */
const TAKE_A_PATH = ['--set', '--with', '--vary', '--for'];

async function wordsAfter(before: readonly string[], current: string, commands: Commands): Promise<string[]> {
  const [name] = before;
  if (name === undefined) return Object.keys(commands);
  if (!Object.hasOwn(commands, name)) return [];
  const last = before.at(-1)!;
  if (TAKE_A_PATH.includes(last)) return settingPaths();
  const { options, inner } = partsOf(await commands[name](), before.slice(1));
  const choices = options.get(last)?.choices;
  if (choices !== undefined) return choices.map(String);
  return current.startsWith('-') ? [...options.keys()] : inner;
}

/** With the commands inside a command (`lab init`): of the innermost that is named. */
function partsOf(
  command: CommandModule,
  names: readonly string[],
): { options: Map<string, Options>; inner: string[] } {
  const options = new Map<string, Options>();
  const inner = new Map<string, CommandModule>();
  const take: Record<string, (...args: never[]) => void> = {
    option: (name: string, { alias = [], ...option }: Options) => {
      for (const each of [name, ...[alias].flat()])
        options.set(`${each.length > 1 ? '--' : '-'}${each}`, option);
    },
    command: (made: CommandModule) => inner.set(String(made.command).split(' ')[0], made),
  };
  // A builder tells its parser what it has, and goes on with what it is given back.
  const listener: unknown = new Proxy(
    {},
    {
      get:
        (_, key) =>
        (...args: never[]) => {
          take[String(key)]?.(...args);
          return listener;
        },
    },
  );
  if (typeof command.builder === 'function') command.builder(listener as Argv);
  const next = inner.get(names[0]);
  return next === undefined ? { options, inner: [...inner.keys()] } : partsOf(next, names.slice(1));
}
