/** `pidsim completion`: the script for the shell, and what it asks for at each Tab. */
import type { Argv, CommandModule, Options } from 'yargs';
import { settingPaths } from '../scenario/fields.js';

type Loader = (name: string) => Promise<CommandModule>;

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

export const completionCommand = (
  names: readonly string[],
  commandOf: Loader,
): CommandModule<object, { '--'?: unknown[] }> => ({
  command: 'completion',
  describe: 'A script that completes commands, options and PATHs: source <(pidsim completion)',
  builder: (yargs) => yargs as Argv<{ '--'?: unknown[] }>,
  async handler({ '--': words }) {
    const offered = words === undefined ? null : await complete(words.map(String), names, commandOf);
    process.stdout.write(offered === null ? SCRIPT : offered.map((word) => `${word}\n`).join(''));
  },
});

/** What the last of the words, which is being typed, may become. Empty: the name of a file, or anything. */
async function complete(
  words: readonly string[],
  names: readonly string[],
  commandOf: Loader,
): Promise<string[]> {
  const current = words.at(-1) ?? '';
  const [name, ...before] = words.slice(0, -1);
  let offered: readonly string[] = [];
  if (name === undefined) offered = names;
  else if (names.includes(name)) offered = wordsAfter(await commandOf(name), before, current);
  return offered.filter((word) => word.startsWith(current));
}

/** Options whose value begins with a PATH. */
const TAKE_A_PATH = ['--set', '--with', '--vary', '--for'];

function wordsAfter(command: CommandModule, before: readonly string[], current: string): string[] {
  const last = before.at(-1) ?? '';
  if (TAKE_A_PATH.includes(last)) return settingPaths();
  const { options, inner } = partsOf(command, before);
  const choices = options.get(last)?.choices;
  if (choices !== undefined) return choices.map(String);
  return current.startsWith('-') ? [...options.keys()] : inner;
}

/** The options of a command and the commands inside it; of `lab init`, those of the inner one. */
function partsOf(
  command: CommandModule,
  names: readonly string[],
): { options: Map<string, Options>; inner: string[] } {
  const options = new Map<string, Options>();
  const inner = new Map<string, CommandModule>();
  const option = (name: string, { alias = [], ...rest }: Options): void => {
    for (const each of [name, ...[alias].flat()]) options.set(`${each.length > 1 ? '--' : '-'}${each}`, rest);
  };
  const take: Record<string, (...args: never[]) => void> = {
    option,
    options: (all: Record<string, Options>) => {
      for (const [name, each] of Object.entries(all)) option(name, each);
    },
    command: (made: CommandModule) => inner.set(String(made.command).split(' ')[0], made),
  };
  // A builder calls methods of a parser, each on what the one before has returned. This one only takes notes.
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
