/** What holds of every gradient graph, whatever the model: read off the graphs of all recorded cases. @module */
import { assertEquals } from "@std/assert";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { valuesRead } from "../../lib/onnx/ir/values_read.ts";
import { impure } from "../../lib/onnx/build/builder.ts";
import type { Graph, Model, Node, ValueType } from "../../lib/onnx/ir/model.ts";
import { nodeKey } from "../../lib/onnx/ir/node_key.ts";
import { decodeSafetensors } from "../../lib/tensor/safetensors.ts";
import { peakOfValues } from "../rigs/liveness.ts";
import { type CaseSpec, findCases } from "../tools/golden/case.ts";
import { readModel, withPrefix } from "../tools/golden/vjp.ts";

interface GradientGraph {
  readonly name: string;
  readonly forward: Graph;
  readonly graph: Graph;
}

/** The gradient graphs of the recorded cases; those that cannot be differentiated are tested elsewhere. */
async function gradientGraphs(): Promise<readonly GradientGraph[]> {
  const golden = new URL("../golden/vjp", import.meta.url).pathname;
  const graphs: GradientGraph[] = [];
  for (const { name, path } of findCases(golden)) {
    const spec: CaseSpec = JSON.parse(await Deno.readTextFile(`${path}/case.json`));
    const { tensors } = decodeSafetensors(await Deno.readFile(`${path}/data.safetensors`));
    const model = await readModel({ name, path, level: "vjp" });
    const cotangents = Object.keys(withPrefix(tensors, "ct."));
    const wrt = (spec.inputs ?? []).filter((input) => input.wrt).map((input) => input.name);
    const step = wrt.length === 0 ? undefined : gradientOf(model, { cotangents, wrt });
    if (step) graphs.push({ name, forward: model.graph, graph: step.graph });
  }
  return graphs;
}

function gradientOf(model: Model, request: { cotangents: string[]; wrt: string[] }) {
  try {
    return addGradients(model, request);
  } catch {
    return undefined;
  }
}

const describe = ({ opType, inputs, outputs }: Node) =>
  `${opType}(${inputs.join(", ")}) → ${outputs.join(", ")}`;

/** Nodes that compute what an earlier one has. */
function repeated({ nodes }: Graph): Node[] {
  const seen = new Set<string>();
  return nodes.filter((node) => {
    // One value under two names of outputs takes an Identity each.
    const isName = node.opType === "Identity";
    const key = isName || impure.has(node.opType) ? undefined : nodeKey(node);
    if (key === undefined || !node.outputs[0]?.startsWith("grad")) return false;
    const isRepeated = seen.has(key);
    seen.add(key);
    return isRepeated;
  });
}

/** Nodes of which no output leads anywhere. */
function unreachable({ nodes, outputs }: Graph): Node[] {
  const needed = new Set(outputs.map(({ name }) => name));
  return nodes.toReversed().filter((node) => {
    if (!node.outputs.some((name) => needed.has(name))) return true;
    for (const name of valuesRead(node)) needed.add(name);
    return false;
  });
}

/** Weights of products that are transposed or converted; a kernel read backwards is made once, at the start. */
function copiedWeights({ nodes, initializers }: Graph): Node[] {
  const products = new Set(
    nodes.filter(({ opType }) => /^(MatMul|Gemm|FusedMatMul)$/.test(opType))
      .flatMap(({ inputs }) => inputs),
  );
  return nodes.filter(({ opType, inputs, outputs }) =>
    (opType === "Transpose" || opType === "Cast") && initializers.has(inputs[0]!) &&
    outputs[0]!.startsWith("grad") && products.has(outputs[0]!)
  );
}

/** Shapes asked for at run time that are known. */
function knownShapes({ nodes, values, inputs, initializers }: Graph): Node[] {
  const types = new Map<string, ValueType>([
    ...values,
    ...inputs.map(({ name, type }) => [name, type] as const),
  ]);
  const isStatic = (name: string) => {
    const type = types.get(name);
    if (initializers.has(name)) return true;
    return type?.kind === "tensor" && type.dims?.every((dim) => typeof dim === "number") === true;
  };
  return nodes.filter(({ opType, inputs: [x], outputs: [y] }) =>
    (opType === "Shape" || opType === "Size") && y!.startsWith("grad") && isStatic(x!)
  );
}

const graphs = await gradientGraphs();

function assertNone(find: (graph: Graph) => readonly Node[]): void {
  const found = graphs.flatMap(({ name, graph }) =>
    find(graph).map((node) => `${name}: ${describe(node)}`)
  );
  assertEquals(found, []);
}

Deno.test("addGradients() computes nothing twice", () => assertNone(repeated));

Deno.test("addGradients() leaves no node that no output needs", () => assertNone(unreachable));

Deno.test("addGradients() copies no weight of a product", () => assertNone(copiedWeights));

Deno.test("addGradients() asks for no shape that is known", () => assertNone(knownShapes));

Deno.test("addGradients() frees gradients early, however deep the model", () => {
  const isGradient = (name: string) => name.startsWith("grad");
  // What was asked for stays to the end.
  const kept = ({ outputs }: Graph) => outputs.filter(({ name }) => isGradient(name)).length;
  const late = graphs
    .map(({ name, graph }) => [name, peakOfValues(graph, isGradient) - kept(graph)] as const)
    .filter(([, peak]) => peak > 11);
  assertEquals(late, []);
});
