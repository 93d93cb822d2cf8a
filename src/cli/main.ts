/** `pidsim`: the command line. Data goes to stdout, progress and warnings to stderr; exit codes are in exit.ts. */
import { createRequire } from 'node:module';
import yargs, { type Argv } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { STANDARD_INPUT } from '../run/result.js';
import { CommandError, EXIT } from './exit.js';
import { explainCommand } from './explain.js';
import { reasonOf } from './files.js';
import { labCommand } from './lab.js';
import { psCommand } from './ps.js';
import { runCommand } from './run.js';
import { validateCommand } from './validate.js';

const EPILOGUE = `Exit codes: 0 ran, and expectations met; 1 runtime failure;
2 usage or invalid scenario; 3 lab not possible on this machine;
70 a bug of pidsim; 99 an expectation failed; 130, 143 interrupted.`;

async function main(args: string[]): Promise<void> {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  const parser = yargs(args);
  neverLayOutHelpAhead(parser);
  await parser
    .scriptName('pidsim')
    .usage('$0 <command>\n\nWhen does this node stop forking, and which fix buys how much?')
    .command(runCommand)
    .command(psCommand)
    .command(validateCommand)
    .command(explainCommand)
    .command(labCommand)
    .demandCommand(1, 'name a command')
    .strict()
    .parserConfiguration({ 'populate--': true })
    .recommendCommands()
    .example('$0 run scenarios', 'simulate and chart every scenario of a folder')
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

/**
 * yargs lays out the help of every command that it runs, in case the command should ask for it when it fails. None of ours
 * does, and that takes longer than reading the scenario. There is no option against it; without this it would only be slow.
 */
function neverLayOutHelpAhead(parser: Argv): void {
  interface Internals {
    getInternalMethods?(): { getUsageInstance(): { cacheHelpMessage(): void } };
  }
  const usage = (parser as Internals).getInternalMethods?.().getUsageInstance();
  if (usage !== undefined) usage.cacheHelpMessage = () => {};
}

function fail(error: unknown): void {
  if (error instanceof CommandError) {
    if (error.message !== '') process.stderr.write(`${error.message}\n`);
    process.exitCode = error.code;
    return;
  }
  const { message, stack } = error as Error;
  process.stderr.write(
    `pidsim: a bug of ours: ${message}\n${stack ?? ''}\nreproduce with: pidsim ${process.argv.slice(2).join(' ')}\n`,
  );
  process.exitCode = EXIT.internal;
}

// A reader that has seen enough (`pidsim ps … | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  process.stderr.write(`error: standard output: ${reasonOf(error)}\n`);
  process.exit(EXIT.failure);
});

/** yargs loses a lone dash, which everybody else takes for standard input. */
function nameStandardInput(args: string[]): string[] {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return args.map((word, index) => (word === '-' && index < end ? STANDARD_INPUT : word));
}

/**
 * Left to itself, Node would wait for the functions that V8 is still compiling in the background, which nobody will call
 * any more. What has been written is written first.
 */
function leave(): void {
  // If it could not be written, that is being reported.
  process.stdout.write('', (error) => error ?? process.stderr.write('', () => process.exit()));
}

main(nameStandardInput(hideBin(process.argv)))
  .catch(fail)
  .then(leave);
