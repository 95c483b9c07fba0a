/**
 * Copies of models whose normalisation does not see the frame around an image. What a prompt then no
 * longer does, it did through the statistics of the whole image: a counterfactual, not a better model.
 *
 * @module
 */
import { join } from "@std/path";
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import type { Model, Node } from "../onnx/ir/model.ts";
import { renameNode } from "../onnx/ir/rename.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { writeModel } from "../runtime/write_model.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { preprocess } from "../vision/preprocess.ts";
import { padPlanes } from "../vision/shrink_and_pad.ts";
import { copyTree } from "./copy_tree.ts";
import { openModelDirectory } from "./directory.ts";
import type { Place } from "./prompted_images.ts";

/** The op that takes statistics of whole maps; group normalisation is exported as it. */
const norm = "InstanceNormalization";

/** What `pixel_values` become without a frame: `× inside + around`, each `[1, 3, height, width]`. */
export interface Unframed {
  readonly inside: Tensor<"float32">;
  readonly around: Tensor<"float32">;
}

/**
 * A vision encoder that computes everything twice, with the frame and without it, and normalises what
 * it computes with the frame by the statistics of what it computes without it. On images in an empty
 * frame it computes what the given one does.
 *
 * @throws {DiagnosticError} If none of its normalisations sees the whole image.
 *
 * @example
 * ```ts
 * import { GraphBuilder } from "../onnx/build/builder.ts";
 * import { tensor } from "../tensor/tensor.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * const x = b.input("pixel_values", "float32", ["batch", 3, 2, 2]);
 * const ones = b.constant(tensor("float32", [3], [1, 1, 1]));
 * b.output(b.op("InstanceNormalization", [x, ones, ones]), "image_features");
 * const plane = tensor("float32", [1, 3, 2, 2], new Float32Array(12));
 * const { graph } = withBlindNorms(b.finish(), { inside: plane, around: plane });
 * assertEquals(graph.nodes.some(({ opType }) => opType === "InstanceNormalization"), false);
 * ```
 */
export function withBlindNorms(model: Model, { inside, around }: Unframed): Model {
  const { graph } = model;
  if (!graph.nodes.some(({ opType }) => opType === norm)) throw withoutNorms();
  const bare = { ...graph, nodes: [], outputs: [] };
  const b = new GraphBuilder({ model: { ...model, graph: bare }, prefix: "blind/" });
  const masked = b.op("Mul", ["pixel_values", b.constant(inside)]);
  const framed = new Map<Value, Value>();
  const unframed = new Map([["pixel_values", b.op("Add", [masked, b.constant(around)])]]);
  for (const node of graph.nodes) {
    const made = node.opType === norm
      ? [normalised(b, node, { framed, unframed })]
      : repeated(b, node, framed);
    keep(framed, node, made);
    keep(unframed, node, repeated(b, node, unframed));
  }
  for (const { name } of graph.outputs) b.output(framed.get(name)!, name);
  return pruneModel(b.finish());
}

/** New names of values by their old ones; inputs and weights keep theirs. */
type Names = ReadonlyMap<Value, Value>;

function keep(names: Map<Value, Value>, { outputs }: Node, made: readonly Value[]): void {
  outputs.forEach((name, i) => names.set(name, made[i]!));
}

/** The node once more, of values by their new names. */
function repeated(b: GraphBuilder, node: Node, values: Names): Value[] {
  const { opType, domain, inputs, attributes } = renameNode(
    { ...node, outputs: [] },
    (name) => values.get(name) ?? name,
  );
  return b.node(opType, inputs, { attributes, domain, outputs: node.outputs.length });
}

/** Instance normalisation by the means and variances of what is computed without the frame. */
function normalised(
  b: GraphBuilder,
  node: Node,
  { framed, unframed }: { readonly framed: Names; readonly unframed: Names },
): Value {
  const [input, scale, bias] = node.inputs as [Value, Value, Value];
  const [x, like] = [framed.get(input) ?? input, unframed.get(input) ?? input];
  const { epsilon } = node.attributes;
  const least = b.scalar(epsilon?.type === "float" ? epsilon.value : 1e-5, b.dtype(x));
  const mean = b.op("GlobalAveragePool", [like]);
  const apart = b.op("Sub", [like, mean]);
  const variance = b.op("GlobalAveragePool", [b.op("Mul", [apart, apart])]);
  const deviation = b.op("Sqrt", [b.op("Add", [variance, least])]);
  const channels = b.int64s([-1, ...Array.from({ length: rankOf(b, x) - 2 }, () => 1)]);
  const perChannel = (value: Value) => b.op("Reshape", [value, channels]);
  const normal = b.op("Div", [b.op("Sub", [x, mean]), deviation]);
  return b.op("Add", [b.op("Mul", [normal, perChannel(scale)]), perChannel(bias)]);
}

function rankOf(b: GraphBuilder, x: Value): number {
  const rank = b.rank(x);
  if (rank !== undefined) return rank;
  const message =
    "Cannot blind the normalisation: the graph does not say how many axes its maps have";
  throw failure("no-norms", message, ["Export the model with the shapes of its values"]);
}

/**
 * Copies a model directory, its vision encoder with blind norms.
 *
 * @param place The prompts' sizes in pixels: of the canvas, and of the image in its middle.
 * @throws {DiagnosticError} If its processor resizes the canvas, or nothing in it would be blind.
 */
export async function blindDirectory(from: string, to: string, place: Place): Promise<void> {
  const directory = await openModelDirectory(from);
  const part = "vision_encoder";
  const blind = withBlindNorms(
    await directory.readPart(part),
    unframed(directory.preprocessor, place),
  );
  const file = join("onnx", `${part}.onnx`);
  await copyTree(from, to, join(from, file));
  await writeModel(blind, join(to, file));
}

function unframed(
  preprocessor: Readonly<Record<string, unknown>>,
  { canvas, image }: Place,
): Unframed {
  const black = tensor("float32", [1, 3, canvas, canvas], new Float32Array(3 * canvas ** 2));
  const around = preprocess(black, preprocessor);
  const [, , height, width] = around.dims;
  if (height !== canvas || width !== canvas) throw resized(canvas, around.dims);
  const ones = new Float32Array(3 * image ** 2).fill(1);
  const inside = tensor("float32", black.dims, padPlanes(ones, { image, canvas }));
  const outside = around.data.map((value, i) => value * (1 - inside.data[i]!));
  return { inside, around: tensor("float32", black.dims, outside) };
}

function withoutNorms(): DiagnosticError {
  return failure("no-norms", `Cannot blind the normalisation: there is no ${norm}`, [
    "Only normalisation over the whole image sees the frame; layer normalisation of each place does not",
    "Take a model with group or instance normalisation, such as zoo/mini-bliva",
  ]);
}

function resized(canvas: number, dims: readonly number[]): DiagnosticError {
  const message = `Cannot tell the frame from the image: the processor makes ${
    dims.join("×")
  } of a canvas of ${canvas} pixels`;
  return failure("resized-canvas", message, [
    "Take a canvas of the model's own size, which its processor does not resize",
  ]);
}

function failure(code: string, message: string, notes: readonly string[]): DiagnosticError {
  return new DiagnosticError([{ code, severity: "error", message, notes }]);
}
