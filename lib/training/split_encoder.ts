/**
 * Splits a vision encoder in two: a frozen part, and the connector whose weights are trained.
 *
 * @module
 */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { inferShapes } from "../onnx/infer/infer_shapes.ts";
import { isHalf } from "../onnx/ir/half.ts";
import type { Model, Node, TensorType, ValueInfo, Weight } from "../onnx/ir/model.ts";
import { namesRead } from "../onnx/ir/values_read.ts";
import { tensorFromWeight, weightFromTensor } from "../onnx/ir/weight.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { readRange } from "../runtime/weight_files.ts";
import { castTensor } from "../tensor/convert.ts";

/** The two halves of a vision encoder. */
export interface SplitEncoder {
  /** `pixel_values` → the values that the connector reads. */
  readonly encoder: Model;
  /** These values, and the trained weights as inputs → `image_features`. */
  readonly connector: Model;
  /** Names and types of the values between the two; the first axis is that of the images. */
  readonly features: readonly ValueInfo[];
  /** The trained weights in float32, by name. */
  readonly weights: ReadonlyMap<string, Weight>;
}

/**
 * Cuts a vision encoder in front of the first nodes that depend on a trained weight. What lies before
 * the cut is the same in every step, so that it is computed once an image.
 *
 * @param prefix What the names of trained weights begin with.
 * @throws {DiagnosticError} If no weight has that name, or what is between the halves is not a tensor of
 * floats of known size.
 */
export function splitEncoder(model: Model, prefix: string): SplitEncoder {
  const shaped = inferShapes(model);
  const { graph } = shaped;
  const weights = trainedWeights(shaped, prefix);
  if (weights.size === 0) throw noWeights(model, prefix);
  const ofImages = reachedFrom(graph.nodes, graph.inputs.map(({ name }) => name));
  const trained = reachedFrom(graph.nodes, [...weights.keys()]);
  const names = new Set(
    graph.nodes.filter(({ outputs }) => outputs.some((name) => trained.has(name)))
      .flatMap(namesRead)
      .filter((name) => ofImages.has(name) && !trained.has(name)),
  );
  const features = [...names].map((name) => featureInfo(shaped, name));
  return {
    encoder: pruneModel(withOutputs(shaped, features), [...names]),
    connector: connectorOf(shaped, features, weights),
    features,
    weights,
  };
}

/** Weights of 32 bits, and those of 16 that are only stored so: nothing reads them but casts. */
function trainedWeights({ graph }: Model, prefix: string): ReadonlyMap<string, Weight> {
  const computedWith = new Set(
    graph.nodes.filter(({ opType }) => opType !== "Cast").flatMap(namesRead),
  );
  const isStored = (name: string, weight: Weight) =>
    isHalf(weight.dtype) && !computedWith.has(name);
  return new Map(
    [...graph.initializers].flatMap(([name, weight]): [string, Weight][] => {
      if (!name.startsWith(prefix)) return [];
      if (weight.dtype === "float32") return [[name, weight]];
      if (!isStored(name, weight)) return [];
      const wide = castTensor(tensorFromWeight(weight, readRange), "float32");
      return [[name, weightFromTensor(wide)]];
    }),
  );
}

/** Values that depend on any of `from`, these included. */
function reachedFrom(nodes: readonly Node[], from: readonly string[]): ReadonlySet<string> {
  const reached = new Set(from);
  for (const node of nodes) {
    if (namesRead(node).some((name) => reached.has(name))) {
      for (const name of node.outputs) reached.add(name);
    }
  }
  return reached;
}

function withOutputs(model: Model, outputs: readonly ValueInfo[]): Model {
  return { ...model, graph: { ...model.graph, outputs } };
}

/** Inputs of the connector are what lies before it; nodes that make these are left out by pruning. */
function connectorOf(
  model: Model,
  features: readonly ValueInfo[],
  weights: ReadonlyMap<string, Weight>,
): Model {
  const { graph } = model;
  const given = new Set(features.map(({ name }) => name));
  const nodes = graph.nodes.filter(({ outputs }) => !outputs.some((name) => given.has(name)));
  const trained = [...weights].map(([name, { dtype, dims }]): ValueInfo => ({
    name,
    type: { kind: "tensor", dtype, dims },
  }));
  const initializers = new Map([...graph.initializers].filter(([name]) => !weights.has(name)));
  const inputs = [...features, ...trained];
  return pruneModel({ ...model, graph: { ...graph, nodes, inputs, initializers } }, [
    "image_features",
  ]);
}

/** Type of a value before the cut, which has to be one row of floats for each image. */
function featureInfo({ graph }: Model, name: string): ValueInfo {
  const type = graph.inputs.find((info) => info.name === name)?.type ?? graph.values.get(name);
  const { dtype, dims } = (type ?? {}) as Partial<TensorType>;
  const isRow = dtype === "float32" && dims !== undefined && typeof dims[0] === "string" &&
    dims.slice(1).every((dim) => typeof dim === "number");
  if (isRow) return { name, type: type! };
  throw new DiagnosticError([{
    code: "connector-not-apart",
    severity: "error",
    message: `Cannot train a connector: it reads "${name}", ${dtype ?? "of unknown type"} [${
      dims?.join(", ") ?? "?"
    }], expected float32 with images along its first axis and all other sizes known`,
  }]);
}

function noWeights({ graph }: Model, prefix: string): DiagnosticError {
  const first = [...new Set([...graph.initializers.keys()].map((name) => name.split(".")[0]!))];
  return new DiagnosticError([{
    code: "no-connector",
    severity: "error",
    message: `Cannot train a connector: no float32 weight's name begins with "${prefix}"`,
    notes: [`Names begin with: ${first.slice(0, 12).join(", ")}`],
  }]);
}
