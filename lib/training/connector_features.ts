/**
 * The frozen encoder's features of the images, mirrored and not: computed once, read in every
 * epoch.
 *
 * @module
 */
import type { Json } from "../models/families/family.ts";
import { imageTensor, stackPixels } from "../models/prompted_images.ts";
import type { Dim, Model, TensorType, ValueInfo } from "../onnx/ir/model.ts";
import { openSession } from "../runtime/session.ts";
import type { Random } from "../tensor/random.ts";
import { sizeOf, type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { mirrored } from "../vision/mirror.ts";
import type { Images } from "../vision/images.ts";
import { preprocess } from "../vision/preprocess.ts";
import type { PickedRow } from "./batches.ts";
import { sessionOptionsOf, type TrainingHost } from "./trainer.ts";

/** What the encoding of images needs from its caller. */
export interface EncodingHost extends Pick<TrainingHost, "provider" | "threads" | "signal"> {
  /** Called while images are encoded. */
  readonly onFeatures?: (done: number, total: number) => void;
}

/** Images per run of the encoder. */
const chunk = 32;

/** Features of all images: by the name of the value, for the images and for their mirrors. */
export type ConnectorFeatures = Readonly<Record<string, readonly Tensor<"float32">[]>>;

/** What the encoder is run on. */
export interface FeatureOptions {
  readonly images: Images;
  readonly count: number;
  readonly preprocessor: Json;
  /** Whether mirrored images are wanted too. */
  readonly mirror: boolean;
}

/** Sizes of a value behind its first axis, which is that of the images. */
export function sizesBehind({ type }: ValueInfo): readonly number[] {
  return (type as TensorType & { dims: readonly Dim[] }).dims.slice(1) as readonly number[];
}

/** Runs the encoder over all images. */
export async function cacheConnectorFeatures(
  encoder: Model,
  { images, count, preprocessor, mirror }: FeatureOptions,
  host: EncodingHost = {},
): Promise<ConnectorFeatures> {
  const sides = mirror ? [false, true] : [false];
  const features = Object.fromEntries(
    encoder.graph.outputs.map((info) => [
      info.name,
      sides.map(() => zeros("float32", [count, ...sizesBehind(info)])),
    ]),
  );
  await using session = await openSession(encoder, sessionOptionsOf(host));
  for (const [side, isMirrored] of sides.entries()) {
    for (let from = 0; from < count; from += chunk) {
      host.signal?.throwIfAborted();
      const to = Math.min(count, from + chunk);
      const shown: Tensor<"float32">[] = [];
      for (let row = from; row < to; row++) {
        const image = await images.read(row);
        const seen = isMirrored ? mirrored(image) : image;
        shown.push(preprocess(imageTensor(seen), preprocessor));
      }
      const pixels = stackPixels(shown);
      for (const [name, rows] of Object.entries(await session.run({ pixel_values: pixels }))) {
        const data = rows.data as Float32Array;
        features[name]![side]!.data.set(data, from * data.length / (to - from));
      }
      host.onFeatures?.(side * count + to, sides.length * count);
    }
  }
  return features;
}

/** The features of a batch, `[batch, …]` each. */
export function gatherFeatures(
  features: ConnectorFeatures,
  picks: readonly PickedRow[],
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(features).map(([name, sides]) => {
      const dims = sides[0]!.dims.slice(1);
      const size = sizeOf(dims);
      const data = new Float32Array(picks.length * size);
      picks.forEach(({ row, flip }, i) =>
        data.set(sides[flip ? 1 : 0]!.data.subarray(row * size, (row + 1) * size), i * size)
      );
      return [name, tensor("float32", [picks.length, ...dims], data)];
    }),
  );
}

/** Drops a share of the values of a batch and makes the others larger, against learning by heart. */
export function dropFeatures(
  features: Readonly<Record<string, Tensor>>,
  share: number,
  random: Random,
): Record<string, Tensor> {
  if (share === 0) return features;
  const kept = (value: number) => random.uniform() < share ? 0 : value / (1 - share);
  return Object.fromEntries(
    Object.entries(features).map(([name, { dims, data }]) => [
      name,
      tensor("float32", dims, (data as Float32Array).map(kept)),
    ]),
  );
}
