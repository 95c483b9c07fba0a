/** How many things are pushed at once. */
const PUSHES = 4;

/** Work in the background by name: of several under one name that wait, only the last is done. */
export class PushQueue {
  readonly #waiting = new Map<string, () => Promise<unknown>>();
  readonly #running = new Map<string, Promise<void>>();

  /** Adds work; it must not reject. */
  add(name: string, work: () => Promise<unknown>): void {
    this.#waiting.set(name, work);
    this.#start();
  }

  /** When nothing waits or runs any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  #start(): void {
    for (const [name, work] of this.#waiting) {
      if (this.#running.size >= PUSHES) return;
      if (this.#running.has(name)) continue;
      this.#waiting.delete(name);
      this.#running.set(name, this.#run(name, work));
    }
  }

  async #run(name: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } finally {
      this.#running.delete(name);
      this.#start();
    }
  }
}
