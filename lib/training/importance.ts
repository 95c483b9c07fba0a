/** Measures how important features of clean images are for the answers. @module */
import type { Session } from "../runtime/session.ts";
import { Random } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { askedOf } from "./training_graph.ts";

type Tensors = Readonly<Record<string, Tensor>>;

/** Copies of an image, and the share of their pixels that is black; 30 and 0.3 in the paper. */
const [COPIES, MISSING] = [8, 0.3];

/** Images with pixels missing, in all channels. */
function withoutPixels(images: Tensor, random: Random): Tensor {
  const [batch, , height, width] = images.dims as [number, number, number, number];
  const data = (images.data as Float32Array).slice();
  const plane = height * width;
  for (let item = 0; item < batch; item++) {
    for (let i = 0; i < plane; i++) {
      if (random.uniform() >= MISSING) continue;
      for (let channel = 0; channel < 3; channel++) data[(3 * item + channel) * plane + i] = 0;
    }
  }
  return tensor("float32", images.dims, data);
}

/** Scales every image's values to length 1. */
export function unitRows(sums: Float32Array, rows: number): Float32Array {
  const size = sums.length / rows;
  const out = sums.slice();
  for (let row = 0; row < rows; row++) {
    const values = out.subarray(row * size, (row + 1) * size);
    const length = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0)) + 1e-12;
    for (let i = 0; i < size; i++) values[i] = values[i]! / length;
  }
  return out;
}

/** What importance is computed by. */
export interface ImportanceSessions {
  /** On `StepGraph.features`. */
  readonly features: Session;
  /** On `StepGraph.importance`. */
  readonly gradients: Session;
  /** Outputs of `features` with hidden features. */
  readonly hidden: readonly string[];
}

/**
 * The mean gradient of the loss with respect to the hidden features over copies of the clean images
 * with pixels missing (FIA, arXiv 2107.14185), each image's of length 1.
 *
 * @param feeds What the graphs take for a batch without δ; `images` among it.
 * @returns One tensor for each of `hidden`, under the same name.
 */
export async function importanceOf(
  { features, gradients, hidden }: ImportanceSessions,
  feeds: Tensors,
  seed: string,
): Promise<Record<string, Tensor>> {
  const random = new Random(seed);
  const sums = new Map<string, { dims: readonly number[]; data: Float32Array }>();
  for (let copy = 0; copy < COPIES; copy++) {
    const masked = { ...feeds, images: withoutPixels(feeds.images!, random) };
    const seen = await features.run(askedOf(features.inputs, masked));
    const slopes = await gradients.run(askedOf(gradients.inputs, { ...masked, ...seen }));
    gradients.outputs.forEach(({ name }, i) => {
      const { dims, data } = slopes[name]!;
      const sum = sums.get(hidden[i]!) ?? { dims, data: new Float32Array(data.length) };
      for (let k = 0; k < data.length; k++) sum.data[k]! += Number(data[k]);
      sums.set(hidden[i]!, sum);
    });
  }
  return Object.fromEntries(
    [...sums].map(([name, { dims, data }]) =>
      [name, tensor("float32", dims, unitRows(data, dims[0]!))] as const
    ),
  );
}
