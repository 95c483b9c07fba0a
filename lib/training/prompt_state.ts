/** The state of a prompt training: what a checkpoint holds. @module */
import { decodeSafetensors, encodeSafetensors } from "../tensor/safetensors.ts";
import { tensor } from "../tensor/tensor.ts";
import type { OptimizerState } from "./optimizer.ts";

/** One point of the training curve. */
export interface CurvePoint {
  /** From 1. */
  readonly step: number;
  readonly lr: number;
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
}

/** Everything a training needs to go on; the order of the batches follows from seed and step. */
export interface PromptState {
  /** δ, then the parameters of the transformation: see `parameterPlaces`. */
  readonly values: Float32Array;
  readonly optimizer: OptimizerState;
  readonly curve: CurvePoint[];
}

/** Bytes of a checkpoint. `fingerprint` says what it may be continued with. */
export function encodeState(state: PromptState, fingerprint: string): Uint8Array {
  const flat = (data: Float32Array) => tensor("float32", [data.length], data);
  const moments = Object.entries(state.optimizer.moments);
  return encodeSafetensors({
    values: flat(state.values),
    ...Object.fromEntries(moments.map(([name, data]) => [`moment.${name}`, flat(data)])),
  }, {
    fingerprint,
    step: String(state.optimizer.step),
    curve: JSON.stringify(state.curve),
  });
}

/** Reads a checkpoint; `undefined` if it was made with something else than `fingerprint`. */
export function decodeState(bytes: Uint8Array, fingerprint: string): PromptState | undefined {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata.fingerprint !== fingerprint) return undefined;
  const data = (name: string) => (tensors[name]!.data as Float32Array).slice();
  const moments = Object.keys(tensors).filter((name) => name.startsWith("moment."));
  return {
    values: data("values"),
    optimizer: {
      step: Number(metadata.step),
      moments: Object.fromEntries(moments.map((m) => [m.slice("moment.".length), data(m)])),
    },
    curve: JSON.parse(metadata.curve!),
  };
}
