/** Gives models inputs and outputs of other types, such as float32 in place of 16-bit floats. @module */
import type { DType } from "../../tensor/dtype.ts";
import { castNode } from "../ir/cast_node.ts";
import { isDType } from "../ir/data_type.ts";
import { isHalf } from "../ir/half.ts";
import type { Model, TensorType, ValueInfo } from "../ir/model.ts";
import { type Rename, renameNode } from "../ir/rename.ts";

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
  return castEdges(model, ({ name, type }) => {
    const isWidened = type.kind === "tensor" && isHalf(type.dtype) && !stays(name);
    return isWidened ? "float32" : undefined;
  });
}

/**
 * The model with inputs and outputs of other types; in between it computes as before.
 *
 * @param wanted The type of one; where undefined, it keeps its own.
 */
export function castEdges(
  model: Model,
  wanted: (info: ValueInfo, role: "input" | "output") => DType | undefined,
): Model {
  const { graph } = model;
  const given = new Set([...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()]);
  const types = new Map<ValueInfo, DType>();
  const changes = (role: "input" | "output") => (info: ValueInfo) => {
    const type = wanted(info, role);
    if (type === undefined || type === dtypeOf(info)) return false;
    types.set(info, type);
    return true;
  };
  const inputs = graph.inputs.filter(({ name }) => !graph.initializers.has(name))
    .filter(changes("input"));
  const outputs = graph.outputs.filter(({ name }) => !given.has(name)).filter(changes("output"));
  if (types.size === 0) return model;
  const inner = new Map([...types.keys()].map(({ name }) => [name, innerName(name, model)]));
  const rename: Rename = (name) => inner.get(name) ?? name;
  const retyped = (info: ValueInfo): ValueInfo => {
    const dtype = types.get(info);
    return dtype === undefined ? info : { ...info, type: { ...info.type, dtype } as TensorType };
  };
  return {
    ...model,
    graph: {
      ...graph,
      inputs: graph.inputs.map(retyped),
      outputs: graph.outputs.map(retyped),
      nodes: [
        ...inputs.map((info) => castNode(info.name, rename(info.name), dtypeOf(info)!)),
        ...graph.nodes.map((node) => renameNode(node, rename)),
        ...outputs.map((info) => castNode(rename(info.name), info.name, types.get(info)!)),
      ],
      values: new Map([...graph.values].map(([name, type]) => [rename(name), type])),
    },
  };
}

function dtypeOf({ type }: ValueInfo): DType | undefined {
  return type.kind === "tensor" && isDType(type.dtype) ? type.dtype : undefined;
}

function innerName(name: string, { graph }: Model): string {
  const taken = (inner: string) =>
    graph.initializers.has(inner) || graph.inputs.some((info) => info.name === inner) ||
    graph.nodes.some(({ outputs }) => outputs.includes(inner));
  let inner = `${name}/inner`;
  while (taken(inner)) inner += "_";
  return inner;
}
