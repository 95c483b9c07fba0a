/**
 * Takes the first weights of a pretraining from a model of the same structure, instead of random
 * ones.
 *
 * @module
 */
import { join } from "@std/path";
import { decodeModel } from "../onnx/codec/decode.ts";
import { tensorFromWeight } from "../onnx/ir/weight.ts";
import { castTensor } from "../tensor/convert.ts";
import type { Tensor } from "../tensor/tensor.ts";

type Weights = Readonly<Record<string, Tensor<"float32">>>;

/** All weights of float32, or stored in float16, of the files of a model, by name. */
async function weightsIn(path: string): Promise<ReadonlyMap<string, Tensor>> {
  const found = new Map<string, Tensor>();
  const folder = join(path, "onnx");
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.endsWith(".onnx")) continue;
    const { graph } = decodeModel(await Deno.readFile(join(folder, name)));
    for (const [weight, value] of graph.initializers) {
      if (value.dtype !== "float32" && value.dtype !== "float16") continue;
      found.set(weight, castTensor(tensorFromWeight(value), "float32"));
    }
  }
  return found;
}

/**
 * The weights to begin with: those of a model where it has one of the same name and shape, the random
 * ones elsewhere.
 *
 * @throws {RangeError} If the model has none of them.
 */
export async function startWeights(
  random: Weights,
  model: { readonly name: string; readonly path: string },
  log?: (line: string) => void,
): Promise<Weights> {
  const known = await weightsIn(model.path);
  const entries = Object.entries(random).map(([name, weight]) => {
    const start = known.get(name);
    const isAlike = start?.dims.join() === weight.dims.join();
    return { name, weight: isAlike ? start as Tensor<"float32"> : weight, isAlike };
  });
  const taken = entries.filter(({ isAlike }) => isAlike);
  if (taken.length === 0) {
    throw new RangeError(
      `Cannot begin with ${model.name}: it has no weight of this architecture's names and shapes`,
    );
  }
  log?.(`begins with ${taken.length} of ${entries.length} weights of ${model.name}`);
  return Object.fromEntries(entries.map(({ name, weight }) => [name, weight]));
}
