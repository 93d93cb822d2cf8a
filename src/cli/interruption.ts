/** Ctrl-C and kill: finish what must not be left half done, then end with the signal's own exit code. */
import { CommandError, EXIT, type ExitCode } from './exit.js';

const CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;

export class Interruption {
  private readonly controller = new AbortController();
  private code: ExitCode = EXIT.interrupted;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, this.onSignal);
  }

  get aborted(): boolean {
    return this.controller.signal.aborted;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Lets a signal that is waiting be seen: a simulation keeps the thread to itself. */
  async breathe(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  throwIfAborted(rest = 'what had finished by then is above'): void {
    if (this.aborted) throw new CommandError(this.code, `interrupted: ${rest}`);
  }

  /** Signals do again what they do by default. */
  forget(): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, this.onSignal);
  }

  private readonly onSignal = (signal: NodeJS.Signals): void => {
    this.code = CODES[signal as keyof typeof CODES];
    // The second signal ends the process at once, whatever is unfinished.
    if (this.aborted) process.exit(this.code);
    this.controller.abort();
  };
}
