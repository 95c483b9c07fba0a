/**
 * Mixed precision: a model of 16-bit floats multiplies in 16 bits, and computes in float32 what
 * would overflow or lose its small parts in them (Micikevicius et al. 2018).
 *
 * @module
 */
import { inferShapes } from "../infer/infer_shapes.ts";
import { castNode } from "../ir/cast_node.ts";
import { dataTypeOf } from "../ir/data_type.ts";
import { type Half, isHalf } from "../ir/half.ts";
import type { Model, Node, ValueType } from "../ir/model.ts";
import { pruneModel } from "./prune.ts";

/** Operators that add up many values, or whose results span many orders of magnitude. */
const wideOps = new Set([
  ...["Softmax", "LogSoftmax", "SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss"],
  ...["LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization"],
  ...["GroupNormalization", "InstanceNormalization", "BatchNormalization"],
  ...["LpNormalization", "MeanVarianceNormalization"],
  ...["ReduceSum", "ReduceMean", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare"],
  ...["ReduceLogSum", "ReduceLogSumExp", "CumSum", "Sum", "Mean"],
  ...["Exp", "Log", "Pow", "Sqrt", "Reciprocal"],
]);

/** Operators between them, such as those of a norm that is spelt out: float32 behind float32. */
const followingOps = new Set(["Add", "Sub", "Mul", "Div", "Neg", "Abs"]);

/**
 * The model with float32 in norms, softmax, sums and powers. All other nodes, and all graphs inside
 * of nodes, read the values as they were; so a product of matrices still takes 16 bits.
 *
 * @example
 * ```ts
 * import { GraphBuilder, mixPrecision } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Softmax", [b.input("x", "float16", ["n"])]), "y");
 * const ops = mixPrecision(b.finish()).graph.nodes.map(({ opType }) => opType);
 * assertEquals(ops, ["Cast", "Softmax", "Cast", "Identity"]);
 * ```
 */
export function mixPrecision(model: Model): Model {
  const typed = inferShapes(model);
  const { graph } = typed;
  const types = new Map<string, string>();
  const learn = (name: string, type: ValueType) =>
    type.kind === "tensor" && types.set(name, type.dtype);
  for (const [name, type] of graph.values) learn(name, type);
  for (const { name, type } of [...graph.inputs, ...graph.outputs]) learn(name, type);
  for (const [name, { dtype }] of graph.initializers) types.set(name, dtype);
  const halves = [...types].flatMap(([name, dtype]) =>
    isHalf(dtype) ? [[name, dtype] as const] : []
  );
  if (halves.length === 0) return model;
  const nodes = new WideNodes(new Map(halves), new Set(types.keys()));
  for (const node of graph.nodes) nodes.add(node);
  return pruneModel({ ...typed, graph: { ...graph, nodes: nodes.done } });
}

/** Nodes that were taken over, and which values there are in float32 as well. */
class WideNodes {
  readonly done: Node[] = [];
  /** Names in float32, of values that were computed in it and of others that were only cast. */
  readonly #wide = new Map<string, string>();
  readonly #computed = new Set<string>();
  readonly #halves: ReadonlyMap<string, Half>;
  readonly #taken: Set<string>;

  constructor(halves: ReadonlyMap<string, Half>, taken: Set<string>) {
    this.#halves = halves;
    this.#taken = taken;
  }

  add(node: Node): void {
    if (this.#isWide(node)) this.#addWide(node);
    else if (isCastToFloat32(node) && this.#computed.has(node.inputs[0]!)) {
      const inputs = [this.#wide.get(node.inputs[0]!)!];
      this.done.push({ ...node, opType: "Identity", inputs, attributes: {} });
    } else this.done.push(node);
  }

  #isWide(node: Node): boolean {
    const { domain, opType, inputs } = node;
    if (domain !== "" || !inputs.some((name) => this.#halves.has(name))) return false;
    return wideOps.has(opType) || isSquare(node) ||
      (followingOps.has(opType) && inputs.some((name) => this.#computed.has(name)));
  }

  /** The node in float32; its outputs are there under their own names in 16 bits, too. */
  #addWide(node: Node): void {
    const inputs = node.inputs.map((name) => this.#widened(name));
    const outputs = node.outputs.map((name) => this.#halves.has(name) ? this.#fresh(name) : name);
    this.done.push({ ...node, inputs, outputs });
    for (const [i, name] of node.outputs.entries()) {
      const dtype = this.#halves.get(name);
      if (dtype === undefined) continue;
      this.#computed.add(name);
      this.done.push(castNode(outputs[i]!, name, dtype));
    }
  }

  #widened(name: string): string {
    if (!this.#halves.has(name)) return name;
    const known = this.#wide.get(name);
    if (known !== undefined) return known;
    const wide = this.#fresh(name);
    this.done.push(castNode(name, wide, "float32"));
    return wide;
  }

  #fresh(name: string): string {
    let wide = `${name}/float32`;
    while (this.#taken.has(wide)) wide += "_";
    this.#taken.add(wide);
    this.#wide.set(name, wide);
    return wide;
  }
}

function isCastToFloat32({ domain, opType, attributes: { to } }: Node): boolean {
  return domain === "" && opType === "Cast" && to?.type === "int" &&
    to.value === dataTypeOf.float32;
}

/** x · x, of which the mean is taken in a norm that is spelt out. */
function isSquare({ opType, inputs }: Node): boolean {
  return opType === "Mul" && inputs[0] === inputs[1];
}
