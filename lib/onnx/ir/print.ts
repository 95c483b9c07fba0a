/** Models as text that can be compared line by line. @module */
import type {
  Attribute,
  FunctionDef,
  Graph,
  Model,
  Node,
  ValueInfo,
  ValueType,
  Weight,
} from "./model.ts";

/**
 * A model as text: one line per value and node, in the order of the graph, so that two prints can be
 * compared with a line diff. Weights appear by type and shape only.
 *
 * @example
 * ```ts
 * import { GraphBuilder, printModel } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Neg", [b.input("x", "float32", ["batch", 3])]), "y");
 * assertEquals(
 *   printModel(b.finish()).split("\n").slice(0, 3),
 *   ["model ai.onnx 18", 'graph "graph"', "  input  x: float32[batch, 3]"],
 * );
 * ```
 */
export function printModel(model: Model): string {
  const domains = Object.entries(model.domains).map(([domain, version]) =>
    `, ${domain} ${version}`
  );
  return [
    `model ai.onnx ${model.opset}${domains.join("")}`,
    ...Object.entries(model.metadata).map(([key, value]) => `metadata ${key} = ${value}`),
    ...graphLines(model.graph),
    ...model.functions.flatMap(functionLines),
    "",
  ].join("\n");
}

function graphLines(graph: Graph): string[] {
  const types = new Map(graph.values);
  for (const { name, type } of [...graph.inputs, ...graph.outputs]) types.set(name, type);
  return [
    `graph ${JSON.stringify(graph.name)}`,
    ...[
      ...graph.inputs.map((v) => `input  ${infoText(v)}`),
      ...[...graph.initializers].map(([name, w]) => `weight ${name}: ${weightText(w)}`),
      ...graph.nodes.flatMap((node) => nodeLines(node, types)),
      ...graph.outputs.map((v) => `output ${infoText(v)}`),
    ].map((line) => `  ${line}`),
  ];
}

function functionLines(f: FunctionDef): string[] {
  const attributes = f.attributes.map((name) => ` @${name}`).join("");
  return [
    `function ${f.domain}.${f.name}(${f.inputs.join(", ")})${attributes} -> ${
      f.outputs.join(", ")
    }`,
    ...f.nodes.flatMap((node) => nodeLines(node, new Map())).map((line) => `  ${line}`),
  ];
}

function infoText({ name, type }: ValueInfo): string {
  return `${name}: ${printType(type)}`;
}

/**
 * A type as text: `float32[batch, 3]`, `int64[...]` where not even the rank is known.
 *
 * @example
 * ```ts
 * import { printType } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const type = { kind: "tensor", dtype: "float32", dims: ["batch", 3] } as const;
 * assertEquals(printType(type), "float32[batch, 3]");
 * assertEquals(printType({ kind: "tensor", dtype: "int64" }), "int64[...]");
 * ```
 */
export function printType(type: ValueType): string {
  if (type.kind === "unknown") return "?";
  if (type.kind !== "tensor") return `${type.kind}<${printType(type.element)}>`;
  const dims = type.dims?.map((d) => typeof d === "string" && d.startsWith("?") ? "?" : d);
  return `${type.dtype}[${dims?.join(", ") ?? "..."}]`;
}

function nodeLines(node: Node, types: ReadonlyMap<string, ValueType>): string[] {
  const outputs = node.outputs.map((name) => {
    const type = types.get(name);
    return type === undefined ? name || "_" : `${name}: ${printType(type)}`;
  });
  const graphs = Object.entries(node.attributes).filter(([, a]) => a.type === "graph");
  const plain = Object.entries(node.attributes).filter(([, a]) => a.type !== "graph").sort(byKey);
  const attributes = plain.map(([name, a]) => `${name}=${attributeText(a)}`).join(", ");
  const op = node.domain === "" ? node.opType : `${node.domain}.${node.opType}`;
  const inputs = node.inputs.map((name) => name || "_").join(", ");
  const line = `${outputs.join(", ")} = ${op}(${inputs})${attributes && ` {${attributes}}`}`;
  return [
    line,
    ...graphs.flatMap(([name, a]) =>
      [`${name}:`, ...graphLines(a.value as Graph)].map((inner) => `  ${inner}`)
    ),
  ];
}

function byKey([a]: [string, Attribute], [b]: [string, Attribute]): number {
  return a < b ? -1 : 1;
}

function attributeText(attribute: Attribute): string {
  switch (attribute.type) {
    case "tensor":
      return weightText(attribute.value);
    case "tensors":
      return `[${attribute.value.map(weightText).join(", ")}]`;
    case "graph":
    case "graphs":
      return "graph";
    case "ref":
      return `@${attribute.value}`;
    default:
      return JSON.stringify(attribute.value);
  }
}

function weightText({ dtype, dims, data }: Weight): string {
  const place = data.kind === "external" ? `${data.location}@${data.offset}` : "inline";
  return `${dtype}[${dims.join(", ")}] ${place}`;
}
