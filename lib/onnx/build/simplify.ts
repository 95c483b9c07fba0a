/** Skips nodes whose result is one of their inputs. @module */
import type { DType } from "../../tensor/dtype.ts";
import { toNumbers } from "../../tensor/convert.ts";
import { sizeOf, type Tensor } from "../../tensor/tensor.ts";
import { dtypeOfDataType } from "../ir/data_type.ts";
import type { Dim, Node, TensorType, ValueType } from "../ir/model.ts";

/** What a rule may ask of the graph. */
export interface Facts {
  type(value: string): TensorType | undefined;
  dims(value: string): readonly Dim[] | undefined;
  elements(value: string): readonly Dim[] | undefined;
  constantOf(value: string): Tensor | undefined;
  producer(value: string): Node | undefined;
}

/** `result` is the type of the node's output. */
type Rule = (node: Node, facts: Facts, result: TensorType | undefined) => string | undefined;

function sameDims(a: readonly Dim[] | undefined, b: readonly Dim[] | undefined): boolean {
  return a !== undefined && a.length === b?.length && a.every((d, axis) => d === b[axis]);
}

/** Whether a value is a small constant whose elements all are `expected`. */
function isFilledWith(value: string, expected: number, facts: Facts): boolean {
  const type = facts.type(value);
  if (!type?.dims?.every((d) => typeof d === "number")) return false;
  if (sizeOf(type.dims as readonly number[]) > 64) return false;
  const constant = facts.constantOf(value);
  return constant !== undefined && toNumbers(constant).every((x) => Object.is(x, expected));
}

/** `x` if `other` is neutral and makes it no larger. */
function neutral(x: string, other: string, element: number, facts: Facts): string | undefined {
  const dims = facts.dims(x);
  const otherDims = facts.dims(other);
  if (dims === undefined || otherDims === undefined || otherDims.length > dims.length) {
    return undefined;
  }
  const smaller = otherDims.every((d, i) =>
    d === 1 || d === dims[dims.length - otherDims.length + i]
  );
  return smaller && isFilledWith(other, element, facts) ? x : undefined;
}

function commutative(element: number): Rule {
  return ({ inputs: [a, b] }, facts) =>
    neutral(a!, b!, element, facts) ?? neutral(b!, a!, element, facts);
}

function rightNeutral(element: number): Rule {
  return ({ inputs: [a, b] }, facts) => neutral(a!, b!, element, facts);
}

/** Operators that give the same elements, in the same order, another shape. */
const reshapes = new Set(["Reshape", "Squeeze", "Unsqueeze", "Flatten"]);

/** Back to a shape that the elements had before: the value of that time. */
const reshape: Rule = ({ inputs: [x] }, facts, result) => {
  let value = x!;
  for (;;) {
    if (sameDims(facts.dims(value), result?.dims)) return value;
    const producer = facts.producer(value);
    if (producer === undefined || producer.domain !== "" || !reshapes.has(producer.opType)) {
      return undefined;
    }
    value = producer.inputs[0]!;
  }
};

/** A repetition that makes nothing larger. */
const repeat: Rule = ({ inputs: [x] }, facts, result) =>
  sameDims(facts.dims(x!), result?.dims) ? x : undefined;

/** A slice of everything, from front to back. */
const slice: Rule = ({ inputs: [x, , , , steps] }, facts, result) => {
  const forwards = !steps || facts.elements(steps)?.every((s) => s === 1) === true;
  const dims = facts.dims(x!);
  const sized = dims?.every((d) => typeof d === "number") === true;
  return forwards && sized && sameDims(dims, result?.dims) ? x : undefined;
};

const cast: Rule = ({ inputs: [x], attributes }, facts) => {
  const to = attributes["to"];
  const dtype = to?.type === "int" ? dtypeOfDataType(to.value) as DType : undefined;
  return dtype !== undefined && facts.type(x!)?.dtype === dtype ? x : undefined;
};

const transpose: Rule = (node, facts) => {
  const perm = permOf(node);
  const x = node.inputs[0]!;
  if (perm === undefined) return undefined;
  if (perm.every((axis, i) => axis === i)) return x;
  const inner = facts.producer(x);
  const innerPerm = inner?.opType === "Transpose" ? permOf(inner) : undefined;
  const inverse = innerPerm?.length === perm.length &&
    perm.every((axis, i) => innerPerm[axis] === i);
  return inverse ? inner!.inputs[0] : undefined;
};

function permOf(node: Node): readonly number[] | undefined {
  const perm = node.attributes["perm"];
  return perm?.type === "ints" ? perm.value : undefined;
}

const single: Rule = ({ inputs }) => inputs.length === 1 ? inputs[0] : undefined;

/** The only input that holds anything: an empty past before the present, for example. */
const concat: Rule = ({ inputs, attributes }, facts) => {
  const axis = attributes["axis"]?.type === "int" ? attributes["axis"].value : 0;
  const filled = inputs.filter((input) => facts.dims(input)?.at(axis) !== 0);
  return filled.length === 1 ? filled[0] : undefined;
};

/** Axes given, and none of them: nothing is reduced. */
const reduceNothing: Rule = ({ inputs: [x, axes], attributes }, facts) => {
  const noop = attributes["noop_with_empty_axes"];
  const empty = axes === undefined || facts.elements(axes)?.length === 0;
  return empty && noop?.type === "int" && noop.value === 1 ? x : undefined;
};

const rules: Readonly<Record<string, Rule>> = {
  Identity: ({ inputs }) => inputs[0],
  Add: commutative(0),
  Sub: rightNeutral(0),
  Mul: commutative(1),
  Div: rightNeutral(1),
  Pow: rightNeutral(1),
  Reshape: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Flatten: reshape,
  Expand: repeat,
  Tile: repeat,
  Slice: slice,
  Cast: cast,
  Transpose: transpose,
  Concat: concat,
  Sum: single,
  Max: single,
  Min: single,
  ReduceSum: reduceNothing,
};

/** The value that a node whose output has the type `result` would compute again, or undefined. */
export function simplify(
  node: Node,
  result: ValueType | undefined,
  facts: Facts,
): string | undefined {
  if (node.domain !== "" || node.outputs.length !== 1) return undefined;
  if (!Object.hasOwn(rules, node.opType)) return undefined;
  return rules[node.opType]!(node, facts, result?.kind === "tensor" ? result : undefined);
}
