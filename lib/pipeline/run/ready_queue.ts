/** Queues the tasks that can run, the most urgent first. @module */

/** A binary heap of task indices by priority; equal priorities in the order of the plan. */
export class ReadyQueue {
  readonly #priority: (index: number) => number;
  readonly #heap: number[] = [];

  constructor(priority: (index: number) => number) {
    this.#priority = priority;
  }

  get size(): number {
    return this.#heap.length;
  }

  push(index: number): void {
    const heap = this.#heap;
    heap.push(index);
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(heap[at]!, heap[parent]!)) break;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  pop(): number | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    this.#sink();
    return first;
  }

  #sink(): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let best = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && this.#before(heap[child]!, heap[best]!)) best = child;
      }
      if (best === at) return;
      [heap[at], heap[best]] = [heap[best]!, heap[at]!];
      at = best;
    }
  }

  #before(a: number, b: number): boolean {
    const difference = this.#priority(a) - this.#priority(b);
    return difference > 0 || (difference === 0 && a < b);
  }
}
