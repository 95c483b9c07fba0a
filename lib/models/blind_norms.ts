/**
 * Copies of models whose norms see another image than their features: one with the frame, the other
 * without it. They are counterfactuals, not better models: what a prompt no longer does in such a copy
 * needs what the copy lacks.
 *
 * @module
 */
import { join } from "@std/path";
import { type DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import type { Graph, Model, Node } from "../onnx/ir/model.ts";
import { renameNode } from "../onnx/ir/rename.ts";
import { inlineFunctions } from "../onnx/passes/inline_functions.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { writeModel } from "../runtime/write_model.ts";
import { Random } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { preprocess } from "../vision/preprocess.ts";
import { padPlanes } from "../vision/shrink_and_pad.ts";
import { copyTree } from "./copy_tree.ts";
import { openModelDirectory } from "./directory.ts";
import type { Place } from "./prompted_images.ts";

/** The op that takes statistics of whole maps; exporters write group normalisation as it. */
const norm = "InstanceNormalization";

/** Where the frame stays: in the features, or in the statistics by which the norms scale them. */
export type FramePlace = "features" | "statistics";

/** What `pixel_values` become without a frame: `× inside + around`, each `[1, 3, height, width]`. */
export interface Unframed {
  readonly inside: Tensor<"float32">;
  readonly around: Tensor<"float32">;
}

/**
 * A vision encoder that computes everything twice, with the frame and without it. The norms of the one
 * whose features it gives take their statistics from the other. On images in an empty frame it computes
 * what the given one does, up to rounding. Only `InstanceNormalization` outside of subgraphs is
 * replaced.
 *
 * @throws {DiagnosticError} If no norm sees the whole image, or one that cannot be replaced does.
 *
 * @example
 * ```ts
 * import { GraphBuilder } from "../onnx/build/builder.ts";
 * import { tensor } from "../tensor/tensor.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * const x = b.input("pixel_values", "float32", ["batch", 3, 2, 2]);
 * const ones = b.constant(tensor("float32", [3], new Float32Array([1, 1, 1])));
 * b.output(b.op("InstanceNormalization", [x, ones, ones]), "image_features");
 * const plane = tensor("float32", [1, 3, 2, 2], new Float32Array(12));
 * const { graph } = withBlindNorms(b.finish(), { inside: plane, around: plane }, "features");
 * assertEquals(graph.nodes.some(({ opType }) => opType === "InstanceNormalization"), false);
 * ```
 */
export function withBlindNorms(
  given: Model,
  { inside, around }: Unframed,
  frame: FramePlace,
): Model {
  const model = inlineFunctions(given);
  const { graph } = model;
  assertBlindable(graph);
  const bare = { ...graph, nodes: [], outputs: [] };
  const b = new GraphBuilder({ model: { ...model, graph: bare }, prefix: "blind/" });
  const masked = b.op("Mul", [pixels, b.constant(inside)]);
  const unframed: [Value, Value][] = [[pixels, b.op("Add", [masked, b.constant(around)])]];
  const features = new Map<Value, Value>(frame === "features" ? [] : unframed);
  const statistics = new Map<Value, Value>(frame === "features" ? unframed : []);
  for (const node of graph.nodes) {
    const made = node.opType === norm
      ? [normalised(b, node, { features, statistics })]
      : repeated(b, node, features);
    keep(features, node, made);
    keep(statistics, node, repeated(b, node, statistics));
  }
  for (const { name } of graph.outputs) b.output(features.get(name) ?? name, name);
  return pruneModel(b.finish());
}

const pixels = "pixel_values";

function assertBlindable({ inputs, nodes }: Graph): void {
  const input = inputs.find(({ name }) => name === pixels);
  if (input?.type.kind !== "tensor" || input.type.dtype !== "float32") {
    throw diagnosticError(
      "no-norms",
      `Cannot blind the normalisation: there is no input ${pixels}`,
      [
        `A vision encoder takes ${pixels} of float32`,
      ],
    );
  }
  if (nodes.some(({ opType }) => opType === "GroupNormalization")) {
    throw diagnosticError(
      "no-norms",
      "Cannot blind the normalisation: GroupNormalization is not replaced",
      [
        `Export the model at operator set 17, where group normalisation is written as ${norm}`,
      ],
    );
  }
  if (!nodes.some(({ opType }) => opType === norm)) {
    throw diagnosticError("no-norms", `Cannot blind the normalisation: there is no ${norm}`, [
      "Only normalisation over the whole image sees the frame; layer normalisation of each place does not",
      "Take a model with group or instance normalisation, such as zoo/mini-bliva",
    ]);
  }
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

/** Instance normalisation of features by the means and variances of the others. */
function normalised(
  b: GraphBuilder,
  node: Node,
  { features, statistics }: { readonly features: Names; readonly statistics: Names },
): Value {
  const [x, scale, bias] = node.inputs.map((name) => features.get(name) ?? name) as [
    Value,
    Value,
    Value,
  ];
  const like = statistics.get(node.inputs[0]!) ?? node.inputs[0]!;
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
  throw diagnosticError("no-norms", message, ["Export the model with the shapes of its values"]);
}

/**
 * Copies a model directory, its vision encoder with blind norms.
 *
 * @param place The prompts' sizes in pixels: of the canvas, and of the image in its middle.
 * @throws {DiagnosticError} If its processor moves pixels, or the encoder cannot be made blind.
 */
export async function blindDirectory(
  from: string,
  to: string,
  { frame, ...place }: Place & { readonly frame: FramePlace },
): Promise<void> {
  const directory = await openModelDirectory(from);
  const part = "vision_encoder";
  const encoder = await directory.readPart(part);
  const blind = withBlindNorms(encoder, unframedOf(directory.preprocessor, place), frame);
  const file = join("onnx", `${part}.onnx`);
  await copyTree(from, to, join(from, file));
  await writeModel(blind, join(to, file));
}

/** How a processor's pixel values lose their frame, where it only scales the values of each pixel. */
function unframedOf(
  preprocessor: Readonly<Record<string, unknown>>,
  { canvas, image }: Place,
): Unframed {
  const dims = [1, 3, canvas, canvas] as const;
  const size = 3 * canvas ** 2;
  const random = new Random("pixels");
  const given = Float32Array.from({ length: size }, () => random.uniform());
  const [black, white, found] = [new Float32Array(size), new Float32Array(size).fill(1), given]
    .map((data) => preprocess(tensor("float32", dims, data), preprocessor).data);
  const isKept = found!.length === size && found!.every((value, i) => {
    const expected = black![i]! + given[i]! * (white![i]! - black![i]!);
    return Math.abs(value - expected) < 1e-4;
  });
  if (!isKept) throw resized(canvas);
  const inside = padPlanes(new Float32Array(3 * image ** 2).fill(1), { image, canvas });
  const around = black!.map((value, i) => value * (1 - inside[i]!));
  return { inside: tensor("float32", dims, inside), around: tensor("float32", dims, around) };
}

function resized(canvas: number): DiagnosticError {
  const message =
    `Cannot tell the frame from the image: the processor changes the places of ${canvas}×${canvas} pixels`;
  return diagnosticError("resized-canvas", message, [
    "Take a canvas of the model's own size, which its processor neither resizes nor crops",
  ]);
}
