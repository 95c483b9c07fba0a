/** Keeps the log of a task short enough to be kept in memory, stored and sent. @module */

/**
 * Bytes of a log where it is sent, as JSON within JSON; a remote takes less than 8 MiB with all that
 * belongs to a task.
 */
const mostBytes = 7 << 20;

/** What a line counts at least: short ones take their place and time too. */
const leastOfLine = 80;

/** Lines at the end of a longer log, which tell why a task failed. */
const lastLines = 20;

/** Characters of each of them. */
const lastCharacters = 2_000;

/** Passes on the lines of a log up to a limit, and of what comes after only the last ones. */
export class LogLimit {
  readonly #tell: (line: string) => void;
  #left: number;
  #omitted = 0;
  #last: string[] = [];

  /** @param reserved Bytes that others have to have left. */
  constructor(tell: (line: string) => void, reserved = 0) {
    this.#tell = tell;
    this.#left = mostBytes - reserved;
  }

  take(line: string): void {
    if (this.#omitted === 0 && this.#pay(line)) return this.#tell(line);
    this.#omitted++;
    this.#last.push(shortened(line));
    if (this.#last.length > lastLines) this.#last.shift();
  }

  /** Passes on the last lines, at the end of a job. */
  end(): void {
    const omitted = this.#omitted - this.#last.length;
    if (omitted > 0) this.#tell(`[${omitted} lines are left out: the log is too long]`);
    this.#last.forEach(this.#tell);
    this.#last = [];
  }

  /** Whether there is room for a line, which takes it. */
  #pay(line: string): boolean {
    if (line.length > this.#left) return false; // What is far too long is not written down as JSON.
    const cost = Math.max(leastOfLine, sentBytes(line));
    if (cost > this.#left) return false;
    this.#left -= cost;
    return true;
  }
}

/** A line that is not too long to be shown, and what it lacks. */
function shortened(line: string): string {
  const omitted = line.length - lastCharacters;
  if (omitted <= 0) return line;
  return `${line.slice(0, lastCharacters)} [${omitted} characters are left out]`;
}

function sentBytes(line: string): number {
  return new TextEncoder().encode(JSON.stringify(JSON.stringify(`${line}\n`))).length;
}
