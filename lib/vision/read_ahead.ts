/** Makes things in order, some before they are asked for. @module */

/** Makes `make(0)`, `make(1)`, … ahead of the one that is asked for, at most `window` of them at once. */
export class ReadAhead<T> {
  readonly #make: (index: number) => Promise<T>;
  readonly #end: number;
  readonly #window: number;
  readonly #pending = new Map<number, Promise<T>>();
  #waitedMs = 0;

  /** @param end Where the indices end. */
  constructor(
    make: (index: number) => Promise<T>,
    { end, window }: { readonly end: number; readonly window: number },
  ) {
    [this.#make, this.#end, this.#window] = [make, end, window];
  }

  /** Begins with those from an index on, before they are asked for. */
  begin(index: number): void {
    for (let i = index; i < Math.min(this.#end, index + this.#window); i++) {
      if (this.#pending.has(i)) continue;
      const pending = this.#make(i);
      pending.catch(() => {}); // told when its turn comes
      this.#pending.set(i, pending);
    }
  }

  /** The thing of an index; what lies before it is given up. */
  async get(index: number): Promise<T> {
    for (const before of this.#pending.keys()) if (before < index) this.#pending.delete(before);
    this.begin(index);
    const start = performance.now();
    try {
      return await (this.#pending.get(index) ?? this.#make(index));
    } catch (error) {
      this.#pending.clear(); // who asks again has them made again
      throw error;
    } finally {
      this.#waitedMs += performance.now() - start;
      this.#pending.delete(index);
    }
  }

  /** How long those who asked have waited, in ms. */
  get waitedMs(): number {
    return this.#waitedMs;
  }
}

/** How much of a time went by until images were there. */
export function waitLine(waitedMs: number, totalMs: number): string {
  return `waited for images: ${(100 * waitedMs / Math.max(totalMs, 1)).toFixed(1)} % of the time`;
}
