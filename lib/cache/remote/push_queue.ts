/** How many things are pushed at once. */
const PUSHES = 4;

/** Work in the background by name: of several under one name that wait, only the last is done. */
export class PushQueue {
  readonly #waiting = new Map<string, () => Promise<boolean>>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #mayStart: () => boolean;

  /** @param mayStart Whether work may be started now; what may not, waits. */
  constructor(mayStart: () => boolean) {
    this.#mayStart = mayStart;
  }

  /** Adds work. It must not reject; if it gives `false`, it is tried again later. */
  add(name: string, work: () => Promise<boolean>): void {
    this.#waiting.set(name, work);
    this.start();
  }

  /** Starts what waits, as far as it may be. */
  start(): void {
    for (const [name, work] of this.#waiting) {
      if (this.#running.size >= PUSHES || !this.#mayStart()) return;
      if (this.#running.has(name)) continue;
      this.#waiting.delete(name);
      this.#running.set(name, this.#run(name, work));
    }
  }

  /** When nothing runs any more, and nothing waits that may be started. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  async #run(name: string, work: () => Promise<boolean>): Promise<void> {
    let isDone = false;
    try {
      isDone = await work();
    } finally {
      this.#running.delete(name);
      if (!isDone && !this.#waiting.has(name)) this.#waiting.set(name, work);
      this.start();
    }
  }
}
