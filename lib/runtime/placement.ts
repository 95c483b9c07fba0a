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

/** A node that does not run on CUDA. */
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
  /** Nodes that run on the CPU: their inputs are copied there, and their outputs are copied back. */
  readonly cpu: readonly Fallback[];
  /** Nodes that no device has a kernel for: the graph does not run. */
  readonly nowhere: readonly Fallback[];
}

/** Domains of which ONNX Runtime has operators. */
const knownDomains: ReadonlySet<string> = new Set([
  ...["", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training"],
  ...["com.microsoft", "com.microsoft.nchwc", "com.microsoft.experimental"],
  ...["com.ms.internal.nhwc", "org.pytorch.aten"],
]);

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
  const [cpu, nowhere]: [Fallback[], Fallback[]] = [[], []];
  for (const { node, place } of placed(typed, new GraphScope(typed.graph))) {
    if (place === "cuda" || place === "shapes") counts[place]++;
    else {
      const list = knownDomains.has(node.domain) ? cpu : nowhere;
      list.push({ node: node.name, op: opOf(node), reason: place.reason });
    }
  }
  return { ...counts, cpu, nowhere };
}

/** What does not run on CUDA in a line, the most frequent operators first; undefined where all does. */
export function fallbackLine({ cpu, nowhere }: Placement): string | undefined {
  const lines = [nodesLine(nowhere, "on no device"), nodesLine(cpu, "on the CPU, with copies")];
  return lines.filter((line) => line !== undefined).join("; ") || undefined;
}

function nodesLine(fallbacks: readonly Fallback[], where: string): string | undefined {
  if (fallbacks.length === 0) return undefined;
  const counts = [...Map.groupBy(fallbacks, ({ op, reason }) => `${op}: ${reason}`)]
    .map(([what, nodes]) => ({ what, count: nodes.length })).sort((a, b) => b.count - a.count);
  const told = counts.slice(0, 3).map(({ what, count }) => `${count} ${what}`).join("; ");
  const more = counts.length > 3 ? "; …" : "";
  const nodes = fallbacks.length === 1
    ? "1 node of the graph runs"
    : `${fallbacks.length} nodes of the graph run`;
  return `${nodes} ${where}: ${told}${more}`;
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
  if (!knownDomains.has(node.domain)) {
    return { reason: `ONNX Runtime has no operators of domain "${node.domain}"` };
  }
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
