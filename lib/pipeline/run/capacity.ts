/** Counts how much of the machine is free for more tasks. @module */
import { isolationOf, type Task } from "../plan/plan.ts";

/** What the machine has. */
export interface Capacity {
  readonly cpu: number;
  readonly gpu: number;
  readonly memoryBytes?: number;
}

/** Trivial tasks at once: they wait for the disk rather than for a core. */
const maxInline = 16;

/** Cores and cards are counted in whole parts, as sums of fractions would drift. */
const partsOfOne = 1000;

/**
 * Counts what running tasks take; trivial ones take a place of their own and no resources. Cores and
 * cards are counted in thousandths.
 */
export class FreeCapacity {
  readonly #all: Required<Capacity>;
  readonly #free: { cpu: number; gpu: number; memoryBytes: number };
  readonly #jobs: number;
  /** What is taken of each card; empty where they are not counted here. */
  readonly #cards: number[];
  readonly #cardOf = new Map<Task, number>();
  #running = 0;
  #inline = 0;

  constructor(capacity: Capacity, jobs: number) {
    this.#jobs = jobs;
    const { cpu, gpu, memoryBytes = 0 } = capacity;
    this.#all = { cpu: partsOf(cpu), gpu: partsOf(gpu), memoryBytes };
    this.#free = { ...this.#all };
    this.#cards = Number.isFinite(gpu) ? new Array<number>(Math.ceil(gpu)).fill(0) : [];
  }

  /** The card that a running task has, where it asked for one and there are several. */
  cardOf(task: Task): number | undefined {
    return this.#cards.length > 1 ? this.#cardOf.get(task) : undefined;
  }

  /** How many tasks like this one may run at once; 1 where the machine is not ours to share out. */
  sideBySide(task: Task): number {
    const { cpu } = this.#all;
    if (!Number.isFinite(cpu)) return 1;
    return Math.max(1, Math.min(this.#jobs, Math.floor(cpu / this.#needOf(task).cpu)));
  }

  /** Whether no task at all could be taken in. */
  get isFull(): boolean {
    return this.#inline >= maxInline && this.#running >= this.#jobs;
  }

  fits(task: Task): boolean {
    if (isInline(task)) return this.#inline < maxInline;
    const need = this.#needOf(task);
    const free = this.#free;
    return this.#running < this.#jobs && need.cpu <= free.cpu && need.gpu <= free.gpu &&
      need.memoryBytes <= free.memoryBytes;
  }

  reserve(task: Task): void {
    this.#count(task, 1);
  }

  release(task: Task): void {
    this.#count(task, -1);
  }

  #count(task: Task, sign: 1 | -1): void {
    if (isInline(task)) {
      this.#inline += sign;
      return;
    }
    const need = this.#needOf(task);
    this.#countCards(task, sign * need.gpu);
    this.#running += sign;
    this.#free.cpu -= sign * need.cpu;
    this.#free.gpu -= sign * need.gpu;
    this.#free.memoryBytes -= sign * need.memoryBytes;
  }

  /** A task has the card of which the least is taken; of several cards the first is named. */
  #countCards(task: Task, gpu: number): void {
    if (gpu === 0 || this.#cards.length === 0) return;
    const first = this.#cardOf.get(task) ?? this.#cards.indexOf(Math.min(...this.#cards));
    for (let left = Math.abs(gpu), card = first; left > 0; left -= partsOfOne, card++) {
      const share = Math.sign(gpu) * Math.min(partsOfOne, left);
      this.#cards[card % this.#cards.length]! += share;
    }
    if (gpu > 0) this.#cardOf.set(task, first);
    else this.#cardOf.delete(task);
  }

  /** What a task takes; more than there is at all counts as all there is. */
  #needOf({ resources }: Task): Required<Capacity> {
    const { cpu, gpu, memoryBytes = 0 } = resources;
    const all = this.#all;
    return {
      cpu: Math.min(partsOf(cpu), all.cpu),
      gpu: Math.min(partsOf(gpu), all.gpu),
      memoryBytes: Math.min(Math.ceil(memoryBytes), all.memoryBytes),
    };
  }
}

/** The place of a task, which it may give up while it waits for something else. */
export class Reservation implements Disposable {
  readonly #free: FreeCapacity;
  readonly #task: Task;
  #isHeld = true;

  constructor(free: FreeCapacity, task: Task) {
    this.#free = free;
    this.#task = task;
    free.reserve(task);
  }

  giveUp(): void {
    if (this.#isHeld) this.#free.release(this.#task);
    this.#isHeld = false;
  }

  /** Whether the task has its place, which it gets back where others have left enough. */
  takeBack(): boolean {
    if (this.#isHeld) return true;
    if (!this.#free.fits(this.#task)) return false;
    this.#free.reserve(this.#task);
    return this.#isHeld = true;
  }

  [Symbol.dispose](): void {
    this.giveUp();
  }
}

/** Whole parts of cores or cards; the least that can be asked for is one part. */
function partsOf(count: number): number {
  return count > 0 ? Math.max(1, Math.round(count * partsOfOne)) : count;
}

function isInline(task: Task): boolean {
  return isolationOf(task) === "inline";
}
