/** Keeps the log of a task short enough to be kept in memory, stored and sent. @module */

/** Characters of a log; a remote takes less than 8 MiB with all that belongs to a task. */
const mostCharacters = 4 << 20;

/** What a line counts at least: short ones take their place and time too. */
const leastOfLine = 80;

/** Lines at the end of a longer log, which tell why a task failed. */
const lastLines = 20;

/** Characters of each of them. */
const lastCharacters = 2_000;

/** Passes on the lines of a log up to a limit, and of what comes after only the last ones. */
export class LogLimit {
  readonly #tell: (line: string) => void;
  #left = mostCharacters;
  #omitted = 0;
  #last: string[] = [];

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  take(line: string): void {
    const cost = Math.max(leastOfLine, line.length);
    if (cost <= this.#left && this.#omitted === 0) {
      this.#left -= cost;
      return this.#tell(line);
    }
    this.#omitted++;
    this.#last.push(line.slice(0, lastCharacters));
    if (this.#last.length > lastLines) this.#last.shift();
  }

  /** Passes on the last lines, at the end of a job. */
  end(): void {
    const omitted = this.#omitted - this.#last.length;
    if (omitted > 0) this.#tell(`[${omitted} lines are left out: the log is too long]`);
    this.#last.forEach(this.#tell);
    this.#last = [];
  }
}
