/**
 * Decides how a step is computed so that it fits the memory: in parts of the batch, whose gradients are
 * averaged, and beyond that with inner values computed twice instead of kept.
 *
 * @module
 */
import type { StepMemory } from "./step_memory.ts";

/** How a step is computed. The update is the same but for rounding. */
export interface MemoryPlan {
  /** Images that are computed at once, at most the batch. */
  readonly microBatch: number;
  /** Whether inner values of blocks are computed again in the backward pass. */
  readonly recompute: boolean;
}

/** What may be chosen. */
export interface PlanChoices {
  readonly batch: number;
  /** Images at once, at most; `auto` as many as fit. */
  readonly microBatch: number | "auto";
  /** Whether the batch may be computed in parts. */
  readonly divides: boolean;
}

/** The plan before anything is known of the memory. */
export function firstPlan({ batch, microBatch, divides }: PlanChoices): MemoryPlan {
  const most = microBatch === "auto" || !divides ? batch : microBatch;
  return { microBatch: cheapestWithin(batch, most), recompute: false };
}

/** A batch, and whether it may be computed in parts. */
type Batch = Pick<PlanChoices, "batch" | "divides">;

/** What memory there is, in bytes. */
export interface Room {
  /** What the process may take; undefined where that is not known. */
  readonly budget: number | undefined;
  /** What the values of a run are to take at most, if that is possible. */
  readonly values?: number;
}

/**
 * Bytes of values from which on a processor computes parts of a batch as fast as the whole: they come
 * from main memory either way (`deno task bench step --torch PYTHON`).
 */
export const usefulValues = 768 * 2 ** 20;

/**
 * The plan of a step that takes so much memory when it is computed by a first plan: as many images
 * at once as fit the room; if not even one fits the budget, one with recomputation.
 */
export function planWithin(
  first: MemoryPlan,
  { total, activations }: StepMemory,
  { budget = Infinity, values = Infinity, batch, divides }: Batch & Room,
): MemoryPlan {
  const { microBatch } = first;
  const fittingIn = (bytes: number) => Math.floor(microBatch * bytes / activations);
  const fitting = fittingIn(budget - total + activations);
  if (fitting < 1 || (!divides && total > budget)) {
    return { microBatch: divides ? 1 : microBatch, recompute: true };
  }
  const most = Math.min(fitting, Math.max(1, fittingIn(values)));
  return !divides || most >= microBatch
    ? first
    : { ...first, microBatch: cheapestWithin(batch, most) };
}

/** The next plan that takes less memory; undefined where there is none. */
export function smallerPlan(plan: MemoryPlan, { batch, divides }: Batch): MemoryPlan | undefined {
  const { microBatch, recompute } = plan;
  if (divides && microBatch > 1) {
    return { ...plan, microBatch: cheapestWithin(batch, Math.floor(microBatch / 2)) };
  }
  return recompute ? undefined : { ...plan, recompute: true };
}

/** A part of a batch, which is computed in one run of the graph. */
export interface BatchPart {
  /** Its first image. */
  readonly start: number;
  /** Number of its images: each is in the run equally often, so that means over them are the same. */
  readonly images: number;
}

/**
 * The parts of a batch. The graph takes `microBatch` images, no more and no less; so what is left of
 * the batch is computed in parts that divide it, with each image several times.
 */
export function partsOf(batch: number, microBatch: number): readonly BatchPart[] {
  const parts: BatchPart[] = [];
  for (let start = 0; start < batch;) {
    const images = largestDivisor(microBatch, batch - start);
    parts.push({ start, images });
    start += images;
  }
  return parts;
}

/** Of the numbers of images at once up to `most`, from its half on, the one that costs the least. */
function cheapestWithin(batch: number, most: number): number {
  const largest = Math.max(1, Math.min(batch, most));
  let best = largest;
  for (let size = largest; size >= largest / 2; size--) {
    if (costOf(batch, size) < costOf(batch, best)) best = size;
  }
  return best;
}

/** What a run costs beside its images, in images; it only has to keep parts from being tiny. */
const runCost = 2;

/** What a step costs, in images, repeated ones included. */
function costOf(batch: number, microBatch: number): number {
  return partsOf(batch, microBatch).length * (microBatch + runCost);
}

/** The largest divisor of `whole` that is at most `most`. */
function largestDivisor(whole: number, most: number): number {
  let divisor = Math.min(whole, most);
  while (whole % divisor !== 0) divisor--;
  return divisor;
}

/** Why a plan does not compute as many images at once as were asked for; undefined where it does. */
export function whyNotAsked(
  { batch, microBatch, divides }: PlanChoices,
  { microBatch: planned }: MemoryPlan,
): string | undefined {
  if (microBatch === "auto" || planned === Math.min(microBatch, batch)) return undefined;
  const why = divides
    ? "that would compute more images twice"
    : "a view or a loss term looks across the images of a batch";
  return `computes ${planned} of ${batch} images at once, not microBatch ${microBatch}: ${why}`;
}

/** Whether two plans compute a step alike. */
export function isSamePlan(one: MemoryPlan, other: MemoryPlan): boolean {
  return one.microBatch === other.microBatch && one.recompute === other.recompute;
}

/** `4 of 16 images at once, inner values computed twice` */
export function planText({ microBatch, recompute }: MemoryPlan, batch: number): string {
  const again = recompute ? ", inner values computed twice" : "";
  return `${microBatch} of ${batch} images at once${again}`;
}

/** What ONNX Runtime, CUDA and the JS engine say when memory is short. */
const shortages = [
  /failed to allocate memory/i,
  /bad[_ ]alloc/i,
  /out of memory/i,
  /available memory of \d+ is smaller than requested/i,
  /array buffer allocation failed/i,
  /CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED/,
];

/** Whether something failed for want of memory. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && shortages.some((shortage) => shortage.test(error.message));
}
