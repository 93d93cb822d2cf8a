/** A progress line on stderr, only where a person is looking. */

const WIDTH = 24;
const INTERVAL_MS = 100;

export class Progress {
  private readonly startedMs = Date.now();
  private lastMs = 0;
  private drawn = false;

  constructor(
    private readonly total: number,
    private readonly stream: NodeJS.WriteStream = process.stderr,
  ) {}

  /** `done` of `total`, fractions welcome; `what` is being worked on. */
  update(done: number, what: string): void {
    const nowMs = Date.now();
    if (!this.stream.isTTY || nowMs - this.lastMs < INTERVAL_MS) return;
    this.lastMs = nowMs;
    this.drawn = true;
    const share = Math.min(1, done / this.total);
    const bar = '█'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '░');
    this.stream.write(`\r\x1b[K${bar} ${Math.round(share * 100)} %  ${this.estimate(share, nowMs)}  ${what}`);
  }

  clear(): void {
    if (this.drawn) this.stream.write('\r\x1b[K');
    this.drawn = false;
  }

  private estimate(share: number, nowMs: number): string {
    const elapsedMs = nowMs - this.startedMs;
    if (share < 0.02 || elapsedMs < 500) return '';
    const leftSeconds = Math.ceil((elapsedMs * (1 - share)) / share / 1000);
    return `about ${leftSeconds} s left`;
  }
}
