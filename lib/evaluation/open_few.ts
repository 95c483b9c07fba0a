/** Keeps the most recent few of the things that are costly to open and to keep open. @module */

/** Keeps a limited number of things open; the one that was opened first is closed for a new one. */
export class OpenFew<T extends AsyncDisposable> implements AsyncDisposable {
  readonly #open = new Map<string | number, T>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** What is open under a key, else what `open` opens. */
  async get(key: string | number, open: () => Promise<T>): Promise<T> {
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#open.size < this.#max ? [] : this.#open;
    if (oldest !== undefined) {
      this.#open.delete(oldest[0]);
      await oldest[1][Symbol.asyncDispose]();
    }
    const opened = await open();
    this.#open.set(key, opened);
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of this.#open.values()) await opened[Symbol.asyncDispose]();
  }
}
