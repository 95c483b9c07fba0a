/**
 * Counts the floating-point operations of a graph whose shapes are known. A multiplication with its
 * addition counts two; matrix products, convolutions and attention are exact, other arithmetic
 * counts one an element (normalisations and softmax five), and moving data counts nothing.
 *
 * @module
 */
import { sizeOf } from "../../tensor/tensor.ts";
import type { Graph, Model, Node } from "../ir/model.ts";

/** The count of a graph. */
export interface FlopCount {
  readonly total: number;
  /** By operator, the largest first. */
  readonly byOp: Readonly<Record<string, number>>;
  /** Nodes that were not counted, `name (OpType)`: their shapes are not known, or how often they run. */
  readonly uncounted: readonly string[];
}

type Shape = readonly number[];

/** Shapes of a node's inputs and outputs; an absent one throws {@linkcode Unknown}. */
interface Shapes {
  input(index: number): Shape;
  output(index: number): Shape;
  has(index: number): boolean;
  readonly node: Node;
}

/** Thrown where a shape is asked for that is not known. */
class Unknown extends RangeError {}

type Formula = (shapes: Shapes) => number;

const intOf = ({ attributes }: Node, name: string, fallback: number): number => {
  const attribute = attributes[name];
  return attribute?.type === "int" ? attribute.value : fallback;
};

/** 2·M·N·K: every output element is a sum over the last axis of the first factor. */
const matMul: Formula = ({ input, output }) => 2 * sizeOf(output(0)) * (input(0).at(-1) ?? 1);

const gemm: Formula = ({ input, output, has, node }) => {
  const depth = input(0)[intOf(node, "transA", 0) === 1 ? 0 : 1]!;
  const size = sizeOf(output(0));
  return 2 * size * depth + (has(2) ? size : 0);
};

/** Every output element is a sum over the kernel and the channels of its group. */
const conv = (weight: number, bias: number): Formula => ({ input, output, has }) => {
  const size = sizeOf(output(0));
  return 2 * size * sizeOf(input(weight).slice(1)) + (has(bias) ? size : 0);
};

/** Every input element is spread over the kernel and the output channels of its group. */
const convTranspose: Formula = ({ input, output, has }) =>
  2 * sizeOf(input(0)) * sizeOf(input(1).slice(1)) + (has(2) ? sizeOf(output(0)) : 0);

/** Two products of [queries, keys] by the width of each head, and a softmax. */
function attended(batch: number, heads: number, [rows, columns]: Shape, widths: Shape): number {
  const pairs = batch * heads * rows! * columns!;
  return 2 * pairs * (widths[0]! + widths[1]!) + 5 * pairs;
}

/** ai.onnx Attention: [batch, heads, sequence, width], or heads packed in the last axis. */
const attention: Formula = ({ input, node, has }) => {
  const [q, k, v] = [input(0), input(1), input(2)];
  const past = has(4) ? input(4)[2]! : 0;
  if (q.length === 4) return attended(q[0]!, q[1]!, [q[2]!, k[2]! + past], [q[3]!, v[3]!]);
  const [heads, keyHeads] = [intOf(node, "q_num_heads", 1), intOf(node, "kv_num_heads", 1)];
  return attended(q[0]!, heads, [q[1]!, k[1]! + past], [q[2]! / heads, v[2]! / keyHeads]);
};

/** com.microsoft.MultiHeadAttention: query and key [batch, sequence, heads · width]. */
const multiHeadAttention: Formula = ({ input, node }) => {
  const [q, k] = [input(0), input(1)];
  const heads = intOf(node, "num_heads", 1);
  const keys = k.length === 4 ? k[2]! : k[1]!;
  const width = q[2]! / heads;
  return attended(q[0]!, heads, [q[1]!, keys], [width, width]);
};

/** com.microsoft.GroupQueryAttention: fewer heads of keys than of queries, and a past. */
const groupQueryAttention: Formula = ({ input, node, has }) => {
  const [q, k] = [input(0), input(1)];
  const heads = intOf(node, "num_heads", 1);
  const keys = k[1]! + (has(3) ? input(3)[2]! : 0);
  const width = q[2]! / heads;
  return attended(q[0]!, heads, [q[1]!, keys], [width, width]);
};

/** Twice the product of the sizes of all indices: exact for two factors. */
const einsum: Formula = ({ input, node }) => {
  const attribute = node.attributes.equation;
  const equation = attribute?.type === "string" ? attribute.value.replaceAll(" ", "") : "";
  const terms = equation.split("->")[0]!.split(",");
  if (equation.includes(".")) throw new Unknown(equation);
  const sizes = new Map(terms.flatMap((term, i) => [...term].map((c, k) => [c, input(i)[k]!])));
  return 2 * sizeOf([...sizes.values()]);
};

const perOutput = (factor: number): Formula => ({ output }) => factor * sizeOf(output(0));
const perInput: Formula = ({ input }) => sizeOf(input(0));

/** Operators with a formula of their own; all others count one an output element. */
const formulas: Readonly<Record<string, Formula>> = {
  MatMul: matMul,
  MatMulInteger: matMul,
  QLinearMatMul: matMul,
  DynamicQuantizeMatMul: matMul,
  MatMulIntegerToFloat: matMul,
  FusedMatMul: matMul,
  MatMulNBits: ({ input, node }) => 2 * sizeOf(input(0)) * intOf(node, "N", 1),
  Gemm: gemm,
  FusedGemm: gemm,
  Conv: conv(1, 2),
  FusedConv: conv(1, 2),
  ConvInteger: conv(1, Infinity),
  QLinearConv: conv(3, 8),
  ConvTranspose: convTranspose,
  Einsum: einsum,
  Attention: attention,
  MultiHeadAttention: multiHeadAttention,
  GroupQueryAttention: groupQueryAttention,
  Sum: ({ node, output }) => (node.inputs.length - 1) * sizeOf(output(0)),
  Mean: ({ node, output }) => node.inputs.length * sizeOf(output(0)),
  Softmax: perOutput(5),
  LogSoftmax: perOutput(5),
  LayerNormalization: perOutput(5),
  SkipLayerNormalization: perOutput(6),
  RMSNormalization: perOutput(4),
  SimplifiedLayerNormalization: perOutput(4),
  SkipSimplifiedLayerNormalization: perOutput(5),
  BatchNormalization: perOutput(2),
  GroupNormalization: perOutput(5),
  InstanceNormalization: perOutput(5),
  GlobalAveragePool: perInput,
  AveragePool: perInput,
  CumSum: perInput,
  GridSample: perOutput(11),
};

/** Operators that move or choose data, or make it from nothing. */
const moves = new Set(
  [
    "Reshape Transpose Squeeze Unsqueeze Flatten Concat Split Slice Expand Tile Pad Identity Cast",
    "CastLike Gather GatherElements GatherND Shape Size Constant ConstantOfShape Range Where",
    "NonZero DepthToSpace SpaceToDepth ReverseSequence Trilu EyeLike OneHot Compress Unique TopK",
    "MaxPool GlobalMaxPool Dropout QuantizeLinear DynamicQuantizeLinear Bernoulli RandomNormalLike",
  ].join(" ").split(" "),
);

/** Operators that add where places coincide: one an element of what is added. */
const scatters = new Set(["ScatterElements", "ScatterND"]);

/** Operators that run other nodes, or steps, as often as the data say. */
const repeats = new Set(["Loop", "Scan", "LSTM", "GRU", "RNN", "SequenceMap"]);

/** Reductions read every element once. */
const isReduction = (opType: string) => /^Reduce/.test(opType);

function formulaOf({ opType }: Node): Formula {
  if (Object.hasOwn(formulas, opType)) return formulas[opType]!;
  if (scatters.has(opType)) return ({ input }) => sizeOf(input(2));
  return isReduction(opType) ? perInput : perOutput(1);
}

/** Shapes of a graph's values, where all of their dimensions are numbers. */
function shapesOf(graph: Graph): (name: string) => { dims?: Shape; isFloat: boolean } {
  const declared = new Map(
    [...graph.inputs, ...graph.outputs].map(({ name, type }) => [name, type]),
  );
  return (name) => {
    const weight = graph.initializers.get(name);
    if (weight) return { dims: weight.dims, isFloat: /float/.test(weight.dtype) };
    const type = graph.values.get(name) ?? declared.get(name);
    if (type?.kind !== "tensor") return { isFloat: true };
    const dims = type.dims?.filter((dim) => typeof dim === "number");
    const isFloat = /float/.test(type.dtype);
    return dims && dims.length === type.dims?.length ? { dims, isFloat } : { isFloat };
  };
}

/**
 * Counts the floating-point operations of a run.
 *
 * @param model Its shapes have to be inferred (`inferShapes`), sizes of inputs included.
 *
 * @example
 * ```ts
 * import { GraphBuilder } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("MatMul", [b.input("x", "float32", [2, 3]), b.input("w", "float32", [3, 4])]), "y");
 * assertEquals(countFlops(b.finish()).total, 2 * 2 * 3 * 4);
 * ```
 */
export function countFlops(model: Model): FlopCount {
  const byOp = new Map<string, number>();
  const uncounted: string[] = [];
  const functions = new Set(model.functions.map(({ domain, name }) => `${domain}.${name}`));
  const visit = (graph: Graph, outer: ReturnType<typeof shapesOf>) => {
    const own = shapesOf(graph);
    const find: typeof own = (name) => own(name).dims ? own(name) : outer(name);
    for (const node of graph.nodes) {
      const flops = branches(node, (branch) => visit(branch, find)) ??
        (repeats.has(node.opType) || functions.has(`${node.domain}.${node.opType}`)
          ? undefined
          : countNode(node, find));
      if (flops === undefined) uncounted.push(`${node.name || node.outputs[0]} (${node.opType})`);
      else if (flops > 0) byOp.set(node.opType, (byOp.get(node.opType) ?? 0) + flops);
    }
  };
  visit(model.graph, () => ({ isFloat: true }));
  const sorted = [...byOp].toSorted((a, b) => b[1] - a[1]);
  return {
    total: sorted.reduce((sum, [, flops]) => sum + flops, 0),
    byOp: Object.fromEntries(sorted),
    uncounted,
  };
}

/** The branches of If are counted both: which one runs is not known. 0 if there are any. */
function branches(node: Node, visit: (graph: Graph) => void): 0 | undefined {
  if (node.opType !== "If") return undefined;
  for (const attribute of Object.values(node.attributes)) {
    if (attribute.type === "graph") visit(attribute.value);
  }
  return 0;
}

/** `undefined` if a shape that is needed is not known. */
function countNode(node: Node, find: ReturnType<typeof shapesOf>): number | undefined {
  if (moves.has(node.opType)) return 0;
  const isProduct = Object.hasOwn(formulas, node.opType);
  if (!isProduct && !find(node.outputs[0]!).isFloat) return 0;
  const shape = (name: string | undefined): Shape => {
    const dims = name ? find(name).dims : undefined;
    if (dims) return dims;
    throw new Unknown(name);
  };
  try {
    return formulaOf(node)({
      node,
      input: (index) => shape(node.inputs[index]),
      output: (index) => shape(node.outputs[index]),
      has: (index) => Boolean(node.inputs[index]),
    });
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}
