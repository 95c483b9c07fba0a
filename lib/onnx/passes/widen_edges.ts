/** Gives models of 16-bit floats inputs and outputs of float32. @module */
import { castNode } from "../ir/cast_node.ts";
import type { Model, ValueInfo } from "../ir/model.ts";
import { type Rename, renameNode } from "../ir/rename.ts";
import { type Half, isHalf } from "../ir/half.ts";

/**
 * The model with float32 where it had 16-bit inputs and outputs; in between it computes as before.
 *
 * @param stays Names of inputs and outputs that keep their type.
 *
 * @example
 * ```ts
 * import { GraphBuilder, widenEdges } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Neg", [b.input("x", "float16", ["n"])]), "y");
 * const { inputs, outputs } = widenEdges(b.finish()).graph;
 * const dtypes = [...inputs, ...outputs].map(({ type }) => type.kind === "tensor" && type.dtype);
 * assertEquals(dtypes, ["float32", "float32"]);
 * ```
 */
export function widenEdges(
  model: Model,
  stays: (name: string) => boolean = () => false,
): Model {
  const { graph } = model;
  const given = new Set([...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()]);
  const changes = (info: ValueInfo) => halfOf(info) !== undefined && !stays(info.name);
  const inputs = graph.inputs.filter((info) => changes(info) && !graph.initializers.has(info.name));
  const outputs = graph.outputs.filter((info) => changes(info) && !given.has(info.name));
  if (inputs.length + outputs.length === 0) return model;
  const inner = new Map([...inputs, ...outputs].map(({ name }) => [name, innerName(name, model)]));
  const rename: Rename = (name) => inner.get(name) ?? name;
  const wide = new Set([...inputs, ...outputs]);
  const retyped = (info: ValueInfo): ValueInfo =>
    wide.has(info) && info.type.kind === "tensor"
      ? { ...info, type: { ...info.type, dtype: "float32" } }
      : info;
  return {
    ...model,
    graph: {
      ...graph,
      inputs: graph.inputs.map(retyped),
      outputs: graph.outputs.map(retyped),
      nodes: [
        ...inputs.map((info) => castNode(info.name, rename(info.name), halfOf(info)!)),
        ...graph.nodes.map((node) => renameNode(node, rename)),
        ...outputs.map(({ name }) => castNode(rename(name), name, "float32")),
      ],
      values: new Map([...graph.values].map(([name, type]) => [rename(name), type])),
    },
  };
}

function halfOf({ type }: ValueInfo): Half | undefined {
  return type.kind === "tensor" && isHalf(type.dtype) ? type.dtype : undefined;
}

function innerName(name: string, { graph }: Model): string {
  const taken = (inner: string) =>
    graph.initializers.has(inner) || graph.inputs.some((info) => info.name === inner) ||
    graph.nodes.some(({ outputs }) => outputs.includes(inner));
  let inner = `${name}/half`;
  while (taken(inner)) inner += "_";
  return inner;
}
