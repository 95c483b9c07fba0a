/**
 * Measures a training step: operations counted from the graph, time and memory measured.
 *
 * @module
 */
import { countFlops } from "../onnx/infer/count_flops.ts";
import { inferShapes } from "../onnx/infer/infer_shapes.ts";
import type { Model } from "../onnx/ir/model.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Sizes of the symbolic dimensions of a model's inputs, as tensors have them. */
export function sizesOf(
  { graph }: Model,
  feeds: Readonly<Record<string, Tensor>>,
): Record<string, number> {
  const sizes: Record<string, number> = {};
  for (const { name, type } of graph.inputs) {
    const dims = type.kind === "tensor" ? type.dims ?? [] : [];
    dims.forEach((dim, i) => {
      const size = feeds[name]?.dims[i];
      if (typeof dim === "string" && size !== undefined) sizes[dim] = size;
    });
  }
  return sizes;
}

/** Floating-point operations of one run of a graph, and whether some nodes are not in it. */
export function flopsOfRun(
  model: Model,
  feeds: Readonly<Record<string, Tensor>>,
): { readonly flops: number; readonly uncounted: number } {
  const { total, uncounted } = countFlops(inferShapes(model, { dims: sizesOf(model, feeds) }));
  return { flops: total, uncounted: uncounted.length };
}

/** What a step costs. */
export interface StepCost {
  readonly flops: number;
  /** Nodes whose operations are not in `flops`. */
  readonly uncounted: number;
  /** Median time; undefined if no step was made. */
  readonly ms: number | undefined;
  /** Bytes of the process. */
  readonly resident: number;
}

/** Times of steps. */
export class StepClock {
  readonly #now: () => number;
  readonly #times: number[] = [];
  #last: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#last = now();
  }

  /** A step has ended. */
  tick(): void {
    const now = this.#now();
    this.#times.push(now - this.#last);
    this.#last = now;
  }

  /** What has passed since belongs to no step, such as the saving of a checkpoint. */
  skip(): void {
    this.#last = this.#now();
  }

  /** Median in ms; the first step, which warms up, counts only if there is no other. */
  median(): number | undefined {
    const sorted = this.#times.slice(this.#times.length > 1 ? 1 : 0).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  }
}

/** `a step: 12.3 GFLOP, 84 ms (median), 146 GFLOP/s; 512 MB resident` */
export function costLine({ flops, uncounted, ms, resident }: StepCost): string {
  const without = uncounted > 0 ? ` (${uncounted} nodes not counted)` : "";
  const giga = `${(flops / 1e9).toPrecision(3)} GFLOP${without}`;
  const time = ms === undefined
    ? ""
    : `, ${ms.toPrecision(3)} ms (median), ${(flops / ms / 1e6).toPrecision(3)} GFLOP/s`;
  return `a step: ${giga}${time}; ${(resident / 1e6).toFixed(0)} MB resident`;
}
