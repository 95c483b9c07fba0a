/**
 * Estimates a prompt's transfer to a model before the model answers anything: how far the gradients
 * of source and target agree, and how far the prompt moves the features of each.
 *
 * @module
 */
import type { TransferEstimate } from "../artifacts/estimate.ts";
import type { PromptValues } from "./prompt_values.ts";
import { initialParameters, parameterRates } from "../prompts/prompt_parameters.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Probe } from "./probe.ts";

/** What the estimate says about one of the two models. */
type ModelChange = TransferEstimate["models"]["source"];

/** An estimate without the names of what it is of. */
type FoundEstimate = Omit<TransferEstimate, "task" | "method" | "seed" | "source" | "target">;

/** What is compared, and on how much. */
export interface EstimateOptions {
  readonly source: Probe;
  readonly target: Probe;
  readonly prompt: PromptValues;
  readonly batch: number;
  /** Batches from the first row on. */
  readonly batches: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const norm = (a: Float32Array) => Math.sqrt(dot(a, a));

/** Cosine; 0 if a vector is 0. */
export function cosine(a: Float32Array, b: Float32Array): number {
  const size = norm(a) * norm(b);
  return size === 0 ? 0 : dot(a, b) / size;
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** What is summed up over the batches of one model. */
class ModelTotals {
  readonly #rowChanges: Float32Array[] = [];
  readonly #norms: number[] = [];
  readonly #cleanNorms: number[] = [];
  readonly #losses: number[] = [];
  readonly #predicted: number[] = [];

  /** Features [rows, tokens, width] of a batch. */
  addFeatures(
    { data: clean, dims }: Tensor<"float32">,
    { data: prompted }: Tensor<"float32">,
  ): void {
    const [rows, , width] = dims as [number, number, number];
    const change = prompted.map((x, i) => x - clean[i]!);
    for (let at = 0; at < change.length; at += width) {
      this.#norms.push(norm(change.subarray(at, at + width)));
      this.#cleanNorms.push(norm(clean.subarray(at, at + width)));
    }
    const size = change.length / rows;
    for (let row = 0; row < rows; row++) {
      this.#rowChanges.push(change.slice(row * size, (row + 1) * size));
    }
  }

  addLoss(loss: number, predicted: number): void {
    this.#losses.push(loss);
    this.#predicted.push(predicted);
  }

  summary(): ModelChange {
    const changes = this.#rowChanges;
    const average = changes[0]!.map((_, i) => mean(changes.map((change) => change[i]!)));
    return {
      features: {
        norm: mean(this.#norms),
        relative: mean(this.#norms) / mean(this.#cleanNorms),
        consistency: mean(changes.map((change) => cosine(change, average))),
      },
      loss: { before: mean(this.#losses), predicted: mean(this.#predicted) },
    };
  }
}

/** Gradients of a model without the prompt and with it, where δ is trained. */
interface Gradients {
  readonly start: Float32Array;
  readonly prompt: Float32Array;
}

/** One batch on one model. */
async function visit(
  probe: Probe,
  totals: ModelTotals,
  { from, batch, prompt }: {
    readonly from: number;
    readonly batch: number;
    readonly prompt: PromptValues;
  },
): Promise<Gradients> {
  const start = initialParameters(prompt.kind, prompt);
  const rows = [from, from + batch] as const;
  totals.addFeatures(
    await probe.features(rows, start),
    await probe.features(rows, prompt.values),
  );
  const before = await probe.gradient(from, start);
  const after = await probe.gradient(from, prompt.values);
  totals.addLoss(before.loss, dot(before.grad, prompt.values.map((x, i) => x - start[i]!)));
  const rates = parameterRates(prompt.kind, prompt, 1);
  const trained = (grad: Float32Array) => grad.map((g, i) => rates[i] === 0 ? 0 : g);
  return { start: trained(before.grad), prompt: trained(after.grad) };
}

/**
 * Estimates the transfer of a prompt from its source to a target, on the same rows.
 *
 * @throws {RangeError} If a feature or gradient is not finite.
 */
export async function estimateTransfer(options: EstimateOptions): Promise<FoundEstimate> {
  const { prompt, batch, batches } = options;
  const totals = { source: new ModelTotals(), target: new ModelTotals() };
  const cosines: { readonly start: number; readonly prompt: number }[] = [];
  for (let index = 0; index < batches; index++) {
    options.signal?.throwIfAborted();
    const place = { from: index * batch, batch, prompt };
    const source = await visit(options.source, totals.source, place);
    const target = await visit(options.target, totals.target, place);
    cosines.push({
      start: cosine(source.start, target.start),
      prompt: cosine(source.prompt, target.prompt),
    });
    options.onProgress?.(index + 1);
  }
  const estimate = {
    gradientCosineAtStart: mean(cosines.map((c) => c.start)),
    gradientCosineAtPrompt: mean(cosines.map((c) => c.prompt)),
    rows: batch * batches,
    models: { source: totals.source.summary(), target: totals.target.summary() },
  };
  if (!Number.isFinite(estimate.gradientCosineAtPrompt + estimate.models.target.features.norm)) {
    throw new RangeError("Cannot estimate transfer: a gradient or a feature is not finite");
  }
  return estimate;
}
