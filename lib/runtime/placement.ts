/**
 * Predicts which nodes of a graph run on CUDA, by ONNX Runtime's table of kernels and without a
 * card.
 *
 * @module
 */
import { inferShapes } from "../onnx/infer/infer_shapes.ts";
import type { Model, Node } from "../onnx/ir/model.ts";
import { inlineFunctions } from "../onnx/passes/inline_functions.ts";
import { attributeRefusal } from "./cuda_refusals.ts";
import { GraphScope } from "./graph_scope.ts";
import { isCpuOnly, type Kernel, type KernelRow, kernelsOf } from "./kernel_table.ts";

/** A node that runs on the CPU: its inputs are copied there, and its outputs are copied back. */
export interface Fallback {
  readonly node: string;
  /** `Add`, `com.microsoft.Gelu`. */
  readonly op: string;
  readonly reason: string;
}

/** Where the nodes of a graph run. */
export interface Placement {
  readonly cuda: number;
  /** Nodes that compute shapes: a few numbers each, which ONNX Runtime keeps on the CPU on purpose. */
  readonly shapes: number;
  readonly cpu: readonly Fallback[];
}

/**
 * Where the nodes of a model would run with the CUDA provider, those of subgraphs included. What a node
 * without a kernel of its own becomes when its definition is unfolded is not looked at.
 *
 * @example
 * ```ts
 * import { GraphBuilder } from "@tvp/pipeline/onnx";
 * import { placeOnCuda } from "@tvp/pipeline/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Tan", [b.op("Sin", [b.input("x", "float32", [2])])]), "y");
 * const { cuda, cpu } = placeOnCuda(b.finish());
 * assertEquals(cuda, 2); // Sin, and the Identity that names the output
 * assertEquals(cpu.map(({ op, reason }) => `${op}: ${reason}`), ["Tan: CUDA has no kernel for it"]);
 * ```
 */
export function placeOnCuda(model: Model): Placement {
  const typed = inferShapes(inlineFunctions(model));
  const counts = { cuda: 0, shapes: 0 };
  const cpu: Fallback[] = [];
  for (const { node, place } of placed(typed, new GraphScope(typed.graph))) {
    if (place === "cuda" || place === "shapes") counts[place]++;
    else cpu.push({ node: node.name, op: opOf(node), reason: place.reason });
  }
  return { ...counts, cpu };
}

/** What falls to the CPU in a line, the most frequent operators first; undefined where nothing does. */
export function fallbackLine({ cpu }: Placement): string | undefined {
  if (cpu.length === 0) return undefined;
  const counts = [...Map.groupBy(cpu, ({ op, reason }) => `${op}: ${reason}`)]
    .map(([what, nodes]) => ({ what, count: nodes.length })).sort((a, b) => b.count - a.count);
  const told = counts.slice(0, 3).map(({ what, count }) => `${count} ${what}`).join("; ");
  const more = counts.length > 3 ? "; …" : "";
  const nodes = cpu.length === 1
    ? "1 node of the graph runs"
    : `${cpu.length} nodes of the graph run`;
  return `${nodes} on the CPU, with copies: ${told}${more}`;
}

type Place = "cuda" | "shapes" | { readonly reason: string };

function* placed(model: Model, scope: GraphScope): Generator<{ node: Node; place: Place }> {
  for (const node of scope.graph.nodes) {
    yield { node, place: placeOf(node, model, scope) };
    for (const { type, value } of Object.values(node.attributes)) {
      if (type === "graph") yield* placed(model, new GraphScope(value, scope));
    }
  }
}

function placeOf(node: Node, model: Model, scope: GraphScope): Place {
  const role = scope.shapeRole(node);
  if (role === "computes") return "shapes";
  const reason = role === "reads"
    ? "ONNX Runtime keeps it beside the sizes that it reads"
    : refusal(node, model, scope);
  return reason === undefined ? "cuda" : { reason };
}

const opOf = ({ domain, opType }: Node): string => domain === "" ? opType : `${domain}.${opType}`;

/** Why a node cannot run on CUDA. */
function refusal(node: Node, model: Model, scope: GraphScope): string | undefined {
  const row = kernelsOf(opOf(node));
  if (row === undefined) return isCpuOnly(opOf(node)) ? "CUDA has no kernel for it" : undefined;
  const opset = node.domain === "" ? model.opset : model.domains[node.domain] ?? 1;
  const kernels = row.kernels.filter(({ since, until }) => since <= opset && opset <= until);
  if (kernels.length === 0) return `CUDA has no kernel for its form of opset ${opset}`;
  const wrong = kernels.map((kernel) => wrongType(node, kernel, row, scope));
  return wrong.includes(undefined) ? attributeRefusal(node) : wrong[0];
}

/** The first element type that a kernel does not take. */
function wrongType(
  { inputs, outputs }: Node,
  { types }: Kernel,
  { forms }: KernelRow,
  scope: GraphScope,
): string | undefined {
  const form =
    forms.find((form) =>
      [...types.keys()].every((name) => [...form.inputs, ...form.outputs].includes(name))
    ) ?? forms[0]!;
  const sides = [[inputs, form.inputs], [outputs, form.outputs]] as const;
  for (const [values, names] of sides) {
    for (const [i, value] of values.entries()) {
      const allowed = types.get(names[Math.min(i, names.length - 1)] ?? "");
      const dtype = scope.dtype(value);
      if (dtype === undefined || allowed === undefined || allowed.includes(dtype)) continue;
      return `CUDA's kernel takes ${allowed.join(", ")}, not ${dtype}`;
    }
  }
}
