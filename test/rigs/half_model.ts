/** Makes models of 16-bit floats out of models of float32, as converters do. @module */
import { join } from "@std/path";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { dataTypeOf } from "../../lib/onnx/ir/data_type.ts";
import type { Half } from "../../lib/onnx/ir/half.ts";
import { mapWeights } from "../../lib/onnx/ir/map_weights.ts";
import type { Model, Node, ValueInfo } from "../../lib/onnx/ir/model.ts";
import { tensorFromWeight, weightFromTensor } from "../../lib/onnx/ir/weight.ts";
import { inlineFunctions } from "../../lib/onnx/passes/inline_functions.ts";
import { readModelFile } from "../../lib/runtime/read_model.ts";
import { castTensor } from "../../lib/tensor/convert.ts";

/** Weights rounded to 16 bits, kept as float32: what a half model is in exact arithmetic. */
export function roundWeights(model: Model, half: Half): Model {
  return mapWeights(
    model,
    (weight) =>
      weight.dtype === "float32"
        ? weightFromTensor(castTensor(castTensor(tensorFromWeight(weight), half), "float32"))
        : weight,
  );
}

/** The model with 16-bit weights, inputs and outputs, that computes in 16 bits. */
export function narrowModel(model: Model, half: Half): Model {
  const whole = mapWeights(
    inlineFunctions(model),
    (weight) =>
      weight.dtype === "float32"
        ? weightFromTensor(castTensor(tensorFromWeight(weight), half))
        : weight,
  );
  const narrow = (info: ValueInfo): ValueInfo =>
    info.type.kind === "tensor" && info.type.dtype === "float32"
      ? { ...info, type: { ...info.type, dtype: half } }
      : info;
  const { graph } = whole;
  return {
    ...whole,
    graph: {
      ...graph,
      inputs: graph.inputs.map(narrow),
      outputs: graph.outputs.map(narrow),
      nodes: graph.nodes.map((node) => narrowCast(node, half)),
      values: new Map(),
    },
  };
}

/** Casts to float32 become casts to the narrow type. */
function narrowCast(node: Node, half: Half): Node {
  const { to } = node.attributes;
  const isFloat = node.opType === "Cast" && to?.type === "int" && to.value === dataTypeOf.float32;
  if (!isFloat) return node;
  return {
    ...node,
    attributes: { ...node.attributes, to: { type: "int", value: dataTypeOf[half] } },
  };
}

/** Replaces the graphs of a model directory, `onnx/NAME.onnx`, by others under the same names. */
export async function rewriteGraphs(path: string, change: (model: Model) => Model): Promise<void> {
  for await (const { name } of Deno.readDir(join(path, "onnx"))) {
    const file = join(path, "onnx", name);
    const model = change(await readModelFile(file));
    await Deno.writeFile(file, encodeModel(model));
  }
}
