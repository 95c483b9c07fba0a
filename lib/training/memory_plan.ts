/**
 * Decides how a step is computed so that it fits the memory: in parts of the batch, whose gradients are
 * averaged, and beyond that with inner values computed twice instead of kept.
 *
 * @module
 */
import type { StepMemory } from "./step_memory.ts";

/** How a step is computed. The update is the same but for rounding. */
export interface MemoryPlan {
  /** Images that are computed at once: a divisor of the batch. */
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
  return { microBatch: largestDivisor(batch, most), recompute: false };
}

/**
 * The plan of a step that takes so much memory when it is computed by the first plan: as many images
 * at once as fit the budget; if not even one does, one with recomputation.
 *
 * @param budget Bytes that the process may take; undefined where that is not known.
 */
export function planWithin(
  first: MemoryPlan,
  { total, activations }: StepMemory,
  { budget, divides }: { readonly budget: number | undefined; readonly divides: boolean },
): MemoryPlan {
  if (budget === undefined || total <= budget) return first;
  const { microBatch } = first;
  const fitting = Math.floor(microBatch * (budget - total + activations) / activations);
  if (divides && fitting >= 1) {
    return { ...first, microBatch: largestDivisor(microBatch, fitting) };
  }
  return { microBatch: divides ? 1 : microBatch, recompute: true };
}

/** The next plan that takes less memory; undefined where there is none. */
export function smallerPlan(plan: MemoryPlan, divides: boolean): MemoryPlan | undefined {
  const { microBatch, recompute } = plan;
  if (divides && microBatch > 1) {
    return { ...plan, microBatch: largestDivisor(microBatch, Math.floor(microBatch / 2)) };
  }
  return recompute ? undefined : { ...plan, recompute: true };
}

/** The largest divisor of `whole` that is at most `most`. */
function largestDivisor(whole: number, most: number): number {
  let divisor = Math.max(1, Math.min(whole, most));
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
    ? "parts of a batch are of equal size"
    : "a view or a loss term looks across the images of a batch";
  return `computes ${planned} of ${batch} images at once, not microBatch ${microBatch}: ${why}`;
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
