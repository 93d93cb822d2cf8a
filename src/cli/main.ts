/** `pidsim`: the command line. Data goes to stdout, progress and warnings to stderr; exit codes: exit.ts. */
import { createRequire } from 'node:module';
import yargs, { type CommandModule } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { STANDARD_INPUT } from '../run/result.js';
import { CommandError, EXIT } from './exit.js';
import { reasonOf } from './files.js';

const EPILOGUE = `Exit codes: 0 ran, and expectations met; 1 runtime failure;
2 usage or invalid scenario; 3 lab not possible on this machine;
70 a bug of pidsim; 99 an expectation failed; 130, 143 interrupted.`;

/** By name. Loading takes most of a short command's time: one is loaded. */
const COMMANDS: Record<string, () => Promise<unknown>> = {
  run: async () => (await import('./run.js')).runCommand,
  compare: async () => (await import('./compare.js')).compareCommand,
  sweep: async () => (await import('./sweep.js')).sweepCommand,
  solve: async () => (await import('./solve.js')).solveCommand,
  ps: async () => (await import('./ps.js')).psCommand,
  validate: async () => (await import('./validate.js')).validateCommand,
  alerts: async () => (await import('./alerts.js')).alertsCommand,
  limits: async () => (await import('./limits.js')).limitsCommand,
  diagnose: async () => (await import('./diagnose.js')).diagnoseCommand,
  import: async () => (await import('./import.js')).importCommand,
  explain: async () => (await import('./explain.js')).explainCommand,
  teach: async () => (await import('./teach.js')).teachCommand,
  lab: async () => (await import('./lab.js')).labCommand,
  completion: async () =>
    (await import('./completion.js')).completionCommand(Object.keys(COMMANDS), commandOf),
};

/** Each command has arguments of a type of its own, which yargs does not ask for. */
async function commandOf(name: string): Promise<CommandModule> {
  return (await COMMANDS[name]()) as CommandModule;
}

/** The command that is named first; all of them for help, and for suggestions if there is no such command. */
function commandsFor(args: readonly string[]): string[] {
  const named = args.find((word) => !word.startsWith('-'));
  return named !== undefined && Object.hasOwn(COMMANDS, named) ? [named] : Object.keys(COMMANDS);
}

async function main(args: string[]): Promise<void> {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  const parser = yargs(args);
  for (const name of commandsFor(args)) parser.command(await commandOf(name));
  await parser
    .scriptName('pidsim')
    .usage('$0 <command>\n\nWhen does this node stop forking, and which fix buys how much?')
    .demandCommand(1, 'name a command')
    .strict()
    .parserConfiguration({ 'populate--': true })
    .recommendCommands()
    .example('$0 run scenarios', 'simulate and chart every scenario of a folder')
    .example('kubectl get pods,nodes -A -o json | $0 run -', 'the same for your own cluster')
    .example('$0 ps node.yaml --at 2h --tree', 'the process table after two hours')
    .epilogue(EPILOGUE)
    .version(version)
    .help()
    .alias('h', 'help')
    .wrap(Math.min(110, process.stdout.columns ?? 100))
    .exitProcess(false)
    // Without a throw here yargs would go on to the handler.
    .fail((message, error) => {
      throw error ?? new CommandError(EXIT.usage, `error: ${message}\n  hint: pidsim --help`);
    })
    .parseAsync();
}

function fail(error: unknown): void {
  if (error instanceof CommandError) {
    if (error.message !== '') process.stderr.write(`${error.message}\n`);
    process.exitCode = error.code;
    return;
  }
  const { message, stack } = error as Error;
  const command = `pidsim ${process.argv.slice(2).join(' ')}`;
  process.stderr.write(`pidsim: a bug of ours: ${message}\n${stack ?? ''}\nreproduce with: ${command}\n`);
  process.exitCode = EXIT.internal;
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`pidsim ps … | head`) is no failure.
  if (error.code === 'EPIPE') return;
  process.stderr.write(`error: standard output: ${reasonOf(error)}\n`);
  process.exitCode = EXIT.failure;
});

/** yargs loses a lone dash, which everybody else takes for standard input. */
function nameStandardInput(args: string[]): string[] {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return args.map((word, index) => (word === '-' && index < end ? STANDARD_INPUT : word));
}

await main(nameStandardInput(hideBin(process.argv))).catch(fail);
