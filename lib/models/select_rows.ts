/**
 * Computes a value at chosen positions only. A gather of rows moves from the value up through every
 * op that works on rows alone (the classifier head, the last norm, the last MLP and the projection
 * of the last attention), so that these run only at the chosen positions.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../onnx/build/builder.ts";
import type { Dim, Graph, Node } from "../onnx/ir/model.ts";

/** Which rows of which value. */
export interface RowSelection {
  /** A value of shape [batch, sequence, …]. */
  readonly value: Value;
  readonly batch: number;
  readonly sequence: number;
  /** int64 [rows]: positions in the flattened [batch · sequence]. */
  readonly index: Value;
}

/**
 * Appends nodes that compute the chosen rows of a value. The value's own nodes become dead where
 * nothing else reads them: prune afterwards.
 *
 * @param graph The graph that the builder continues, with known shapes.
 * @returns A value of shape [rows, …].
 */
export function selectRows(builder: GraphBuilder, graph: Graph, selection: RowSelection): Value {
  const walk = new RowWalk(builder, graph, selection);
  const value = walk.rows(selection.value);
  const rest = walk.rest(selection.value);
  return rest === undefined
    ? builder.op("Squeeze", [value, builder.int64s([0])])
    : builder.op("Reshape", [value, builder.int64s([-1, ...rest])]);
}

/** How many leading dimensions hold the rows: [batch, sequence, …] or [batch · sequence, …]. */
type Leading = 1 | 2;

/** Indices of the inputs that are taken by rows, or undefined where the node mixes rows. */
type RowRule = (node: Node, walk: RowWalk) => readonly number[] | undefined;

class RowWalk {
  readonly builder: GraphBuilder;
  readonly #selection: RowSelection;
  readonly #producers = new Map<Value, Node>();
  readonly #region: ReadonlySet<Node>;
  readonly #done = new Map<Value, Value>();

  constructor(builder: GraphBuilder, graph: Graph, selection: RowSelection) {
    this.builder = builder;
    this.#selection = selection;
    for (const node of graph.nodes) {
      for (const output of node.outputs) this.#producers.set(output, node);
    }
    this.#region = this.#findRegion(graph);
  }

  /** The chosen rows of a value, of the same rank: [1, rows, …] or [rows, …]. */
  rows(value: Value): Value {
    let rows = this.#done.get(value);
    if (rows === undefined) {
      const node = this.#producers.get(value);
      rows = node !== undefined && this.#region.has(node) ? this.#emit(node) : this.#gather(value);
      this.#done.set(value, rows);
    }
    return rows;
  }

  leading(value: Value): Leading | undefined {
    const dims = this.builder.dims(value);
    const { batch, sequence } = this.#selection;
    if (dims === undefined) return undefined;
    if (dims.length > 2 && dims[0] === batch && dims[1] === sequence) return 2;
    return dims.length > 1 && dims[0] === batch * sequence ? 1 : undefined;
  }

  /** Dimensions behind those of the rows, where they are all known. */
  rest(value: Value): readonly number[] | undefined {
    const rest = this.builder.dims(value)?.slice(this.leading(value) ?? 0);
    return rest?.every((dim): dim is number => typeof dim === "number") ? rest : undefined;
  }

  #gather(value: Value): Value {
    const { index } = this.#selection;
    const rest = this.rest(value);
    if (this.leading(value) === 1) return this.builder.op("Gather", [value, index], { axis: 0 });
    const shape = rest === undefined ? this.#flatShape(value) : this.builder.int64s([-1, ...rest]);
    const flat = this.builder.op("Reshape", [value, shape]);
    const row = this.builder.op("Unsqueeze", [index, this.builder.int64s([0])]);
    return this.builder.op("Gather", [flat, row], { axis: 0 });
  }

  /** [-1, …] with the unknown dimensions taken at run time. */
  #flatShape(value: Value): Value {
    const rest = this.builder.op("Shape", [value], { start: 2 });
    return this.builder.op("Concat", [this.builder.int64s([-1]), rest], { axis: 0 });
  }

  #emit(node: Node): Value {
    const taken = new Set(rowInputs(node, this));
    const inputs = node.inputs.map((input, i) =>
      taken.has(i) ? this.rows(input) : input === "" ? undefined : input
    );
    if (node.opType === "Reshape") inputs[1] = this.#reshapeTarget(node.outputs[0]!);
    const { attributes, domain } = node;
    return this.builder.node(node.opType, inputs, { attributes: { ...attributes }, domain })[0]!;
  }

  #reshapeTarget(output: Value): Value {
    const rest = this.rest(output)!;
    return this.builder.int64s(this.leading(output) === 1 ? [-1, ...rest] : [1, -1, ...rest]);
  }

  /** Nodes that work on rows and whose results nobody wants whole, found from the end. */
  #findRegion(graph: Graph): ReadonlySet<Node> {
    const region = new Set<Node>();
    const wanted = new Set(graph.outputs.map((output) => output.name));
    wanted.delete(this.#selection.value);
    const readers = new Map<Value, Node[]>();
    for (const node of graph.nodes) {
      for (const input of node.inputs) {
        const list = readers.get(input);
        if (list === undefined) readers.set(input, [node]);
        else list.push(node);
      }
    }
    for (const node of [...graph.nodes].reverse()) {
      const [output, ...others] = node.outputs.filter((name) => name !== "");
      if (output === undefined || others.length > 0 || wanted.has(output)) continue;
      const nodes = readers.get(output) ?? [];
      const read = output === this.#selection.value ||
        (nodes.length > 0 && nodes.every((reader) => region.has(reader)));
      if (read && rowInputs(node, this) !== undefined) region.add(node);
    }
    return region;
  }
}

function rowInputs(node: Node, walk: RowWalk): readonly number[] | undefined {
  const key = node.domain === "" ? node.opType : `${node.domain}.${node.opType}`;
  return rules[key]?.(node, walk);
}

/** Every input that has rows is taken by rows, the others must not vary along them. */
const elementwise: RowRule = (node, walk) => {
  const output = node.outputs[0]!;
  const [leading, rank] = [walk.leading(output), walk.builder.rank(output)];
  if (leading === undefined || rank === undefined) return undefined;
  const taken: number[] = [];
  for (const [i, input] of node.inputs.entries()) {
    const dims = walk.builder.dims(input);
    if (input === "" || dims === undefined) return undefined;
    if (dims.length === rank && walk.leading(input) === leading) taken.push(i);
    else if (!isConstantAlong(dims, rank, leading)) return undefined;
  }
  return taken.length > 0 ? taken : undefined;
};

/** Whether a broadcast operand is the same for every row. */
function isConstantAlong(dims: readonly Dim[], rank: number, leading: Leading): boolean {
  const covered = dims.length - (rank - leading);
  return dims.slice(0, Math.max(0, covered)).every((dim) => dim === 1);
}

/** The first input is taken by rows; the others are weights. */
const onFirst: RowRule = (node, walk) =>
  walk.leading(node.inputs[0]!) === undefined ? undefined : [0];

const matMul: RowRule = (node, walk) =>
  walk.builder.rank(node.inputs[1]!) === 2 ? onFirst(node, walk) : undefined;

const gemm: RowRule = (node, walk) => {
  const transposed = node.attributes.transA;
  if (transposed?.type === "int" && transposed.value !== 0) return undefined;
  const bias = node.inputs[2] ? walk.builder.dims(node.inputs[2]) : [];
  return bias !== undefined && isConstantAlong(bias, 2, 1) ? onFirst(node, walk) : undefined;
};

const fusedMatMul: RowRule = (node, walk) => {
  const flags = ["transA", "transBatchA", "transBatchB"].map((name) => node.attributes[name]);
  const plain = flags.every((flag) => flag?.type !== "int" || flag.value === 0);
  return plain ? matMul(node, walk) : undefined;
};

/** Along one axis, which must lie behind the rows. */
function along(defaultAxis: number): RowRule {
  return (node, walk) => {
    const attribute = node.attributes.axis;
    const axis = attribute?.type === "int" ? attribute.value : defaultAxis;
    return isBehind([axis], node, walk) ? [0] : undefined;
  };
}

const reduction: RowRule = (node, walk) => {
  const keep = node.attributes.keepdims;
  if (keep?.type === "int" && keep.value === 0) return undefined;
  const axes = node.inputs[1] ? walk.builder.constantOf(node.inputs[1]) : undefined;
  const numbers = axes === undefined ? [] : Array.from(axes.data as BigInt64Array, Number);
  return numbers.length > 0 && isBehind(numbers, node, walk) ? [0] : undefined;
};

function isBehind(axes: readonly number[], node: Node, walk: RowWalk): boolean {
  const input = node.inputs[0]!;
  const [leading, rank] = [walk.leading(input), walk.builder.rank(input)];
  if (leading === undefined || rank === undefined) return false;
  return axes.every((axis) => (axis < 0 ? axis + rank : axis) >= leading);
}

const reshape: RowRule = (node, walk) => {
  const [input, output] = [node.inputs[0]!, node.outputs[0]!];
  const both = walk.leading(input) !== undefined && walk.leading(output) !== undefined;
  return both && walk.rest(input) !== undefined && walk.rest(output) !== undefined
    ? [0]
    : undefined;
};

/** The first two inputs are added before a norm along the last axis. */
const skipNorm: RowRule = (node, walk) =>
  walk.leading(node.inputs[0]!) === walk.leading(node.inputs[1]!) &&
    walk.leading(node.inputs[0]!) !== undefined
    ? [0, 1]
    : undefined;

const elementwiseOps = [
  ...["Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Where", "Cast", "Identity", "Neg", "Abs"],
  ...["Sqrt", "Reciprocal", "Exp", "Log", "Erf", "Tanh", "Sigmoid", "Relu", "Gelu", "Softplus"],
  ...["LeakyRelu", "Elu", "HardSwish", "HardSigmoid", "Mish", "Clip", "Sin", "Cos"],
];

/** The ops through which a gather of rows may move. */
const rules: Readonly<Record<string, RowRule>> = {
  ...Object.fromEntries(elementwiseOps.map((op) => [op, elementwise])),
  MatMul: matMul,
  Gemm: gemm,
  LayerNormalization: along(-1),
  RMSNormalization: along(-1),
  SimplifiedLayerNormalization: along(-1),
  Softmax: along(-1),
  LogSoftmax: along(-1),
  ReduceMean: reduction,
  ReduceSum: reduction,
  ReduceMax: reduction,
  ReduceSumSquare: reduction,
  ReduceL2: reduction,
  Reshape: reshape,
  "com.microsoft.Gelu": onFirst,
  "com.microsoft.FastGelu": onFirst,
  "com.microsoft.BiasGelu": onFirst,
  "com.microsoft.QuickGelu": onFirst,
  "com.microsoft.MatMulNBits": onFirst,
  "com.microsoft.FusedMatMul": fusedMatMul,
  "com.microsoft.SkipLayerNormalization": skipNorm,
  "com.microsoft.SkipSimplifiedLayerNormalization": skipNorm,
};
