/**
 * Recurrent layers, unrolled over a sequence whose length is known: LSTM (Hochreiter & Schmidhuber
 * 1997, with peepholes), GRU (Cho et al. 2014) and plain RNN, in the gate orders of ONNX.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf, stringOf } from "../engine/attributes.ts";
import { joinShape, sizePart } from "../engine/dynamic_shape.ts";
import { sizesNote } from "../engine/explain.ts";
import {
  add,
  castTo,
  constantLike,
  keepWhere,
  mul,
  range,
  sub,
  where,
} from "../engine/expressions.ts";
import { refuse } from "../engine/refuse.ts";
import type { Decompositions } from "../engine/rule.ts";
import { stack, unstack } from "./loops.ts";
import { activationAt } from "./recurrent_activation.ts";

/** State of a cell: hidden, and for LSTM also the memory. */
type State = readonly Value[];

/** Weights of one direction; matrices are transposed, biases may be absent. */
interface Weights {
  readonly recurrent: Value;
  readonly recurrentBias: Value | undefined;
  readonly peepholes: Value | undefined;
}

interface Step {
  readonly b: GraphBuilder;
  readonly node: Node;
  /** W x + the input's bias, [N, gates · H] */
  readonly input: Value;
  readonly state: State;
  readonly weights: Weights;
  activation(index: number, x: Value): Value;
}

interface Cell {
  readonly gates: number;
  readonly activations: readonly string[];
  /** The activation whose argument is not a sum of a gate, so that it is not clipped. */
  readonly unclipped?: number;
  /** Position of initial states and peepholes among the inputs. */
  readonly states: readonly number[];
  step(step: Step): State;
}

const lstm: Cell = {
  gates: 4,
  activations: ["Sigmoid", "Tanh", "Tanh"],
  unclipped: 2,
  states: [5, 6],
  step({ b, node, input, state: [h, c], weights, activation }) {
    const sums = add(b, input, recur(b, h!, weights));
    const [i, o, f, g] = split(b, sums, 4);
    const [pi, po, pf] = weights.peepholes ? split(b, weights.peepholes, 3) : [];
    const peep = (gate: Value, p: Value | undefined, memory: Value) =>
      activation(0, p ? add(b, gate, mul(b, p, memory)) : gate);
    const taken = peep(i!, pi, c!);
    const coupled = intOf(node, "input_forget", 0) !== 0;
    const forget = coupled ? sub(b, constantLike(b, taken, 1), taken) : peep(f!, pf, c!);
    const memory = add(b, mul(b, forget, c!), mul(b, taken, activation(1, g!)));
    return [mul(b, peep(o!, po, memory), activation(2, memory)), memory];
  },
};

const gru: Cell = {
  gates: 3,
  activations: ["Sigmoid", "Tanh"],
  states: [5],
  step({ b, node, input, state: [h], weights, activation }) {
    const [xz, xr, xh] = split(b, input, 3);
    const [rz, rr, rh] = split(b, weights.recurrent, 3);
    const [bz, br, bh] = weights.recurrentBias ? split(b, weights.recurrentBias, 3) : [];
    const gate = (x: Value, r: Value, bias: Value | undefined, from: Value) =>
      add(b, x, linear(b, from, r, bias));
    const z = activation(0, gate(xz!, rz!, bz, h!));
    const r = activation(0, gate(xr!, rr!, br, h!));
    const candidate = intOf(node, "linear_before_reset", 0) === 0
      ? gate(xh!, rh!, bh, mul(b, r, h!))
      : add(b, xh!, mul(b, r, linear(b, h!, rh!, bh)));
    const next = activation(1, candidate);
    // (1 − z) next + z h
    return [add(b, next, mul(b, z, sub(b, h!, next)))];
  },
};

const rnn: Cell = {
  gates: 1,
  activations: ["Tanh"],
  states: [5],
  step: ({ b, input, state: [h], weights, activation }) => [
    activation(0, add(b, input, recur(b, h!, weights))),
  ],
};

/** Decompositions of recurrent layers. */
export const recurrentDecompositions = {
  LSTM: (node, b) => timeFirst(b, node, lstm),
  GRU: (node, b) => timeFirst(b, node, gru),
  RNN: (node, b) => timeFirst(b, node, rnn),
} satisfies Decompositions;

function split(b: GraphBuilder, x: Value, count: number): Value[] {
  return b.node("Split", [x], { attributes: { axis: -1, num_outputs: count }, outputs: count });
}

function linear(b: GraphBuilder, x: Value, weight: Value, bias: Value | undefined): Value {
  const product = b.op("MatMul", [x, weight]);
  return bias ? add(b, product, bias) : product;
}

function recur(b: GraphBuilder, h: Value, { recurrent, recurrentBias }: Weights): Value {
  return linear(b, h, recurrent, recurrentBias);
}

/** With layout 1 the batch comes first: X [N, S, I], Y [N, S, D, H], states [N, D, H]. */
function timeFirst(b: GraphBuilder, node: Node, cell: Cell): Value[] {
  if (intOf(node, "layout", 0) === 0) return layer(b, node, cell);
  const turn = (x: Value, perm: readonly number[]) => b.op("Transpose", [x], { perm });
  const inputs = node.inputs.map((x, i) =>
    x !== "" && (i === 0 || cell.states.includes(i)) ? turn(x, [1, 0, 2]) : x
  );
  const [y, ...states] = layer(b, { ...node, inputs }, cell);
  return [turn(y!, [2, 0, 1, 3]), ...states.map((state) => turn(state, [1, 0, 2]))];
}

/** Y [S, D, N, H], then the last states [D, N, H]. */
function layer(b: GraphBuilder, node: Node, cell: Cell): Value[] {
  const x = node.inputs[0]!;
  const length = b.dims(x)?.[0];
  refuse(
    node,
    typeof length !== "number",
    "the length of its sequence is known at run time only",
    sizesNote,
  );
  const direction = stringOf(node, "direction", "forward");
  const count = direction === "bidirectional" ? 2 : 1;
  const runs = range(count).map((index) =>
    run(b, node, cell, {
      index,
      length: Number(length),
      reverse: index === 1 || direction === "reverse",
    })
  );
  const outputs = stack(b, runs.map(({ outputs }) => outputs), 1);
  const last = cell.states.map((_, i) => stack(b, runs.map(({ state }) => state[i]!), 0));
  return [outputs, ...last];
}

interface Direction {
  readonly index: number;
  readonly length: number;
  readonly reverse: boolean;
}

/** One direction: hidden states [S, N, H], and the state after the last step. */
function run(
  b: GraphBuilder,
  node: Node,
  cell: Cell,
  { index, length, reverse }: Direction,
): { outputs: Value; state: State } {
  const [x, w, r, bias, lengths] = node.inputs as [Value, Value, Value, Value?, Value?];
  const own = (value: Value) => pick(b, value, index);
  const transposed = (value: Value) => b.op("Transpose", [own(value)], { perm: [1, 0] });
  const [inputBias, recurrentBias] = bias ? split(b, own(bias), 2) : [];
  const weights: Weights = {
    recurrent: transposed(r),
    recurrentBias,
    peepholes: cell === lstm && node.inputs[7] ? own(node.inputs[7]) : undefined,
  };
  const turned = (value: Value) => reverse ? backwards(b, value, lengths, length) : value;
  const inputs = unstack(b, linear(b, turned(x), transposed(w), inputBias), 0, length);
  let state: State = cell.states.map((position) => initial(b, node, own, position));
  const outputs = inputs.map((input, time) => {
    const activation = activationOf(b, node, cell, index);
    const next = cell.step({ b, node, input, state, weights, activation });
    const alive = lengths && stillRunning(b, lengths, time);
    state = alive ? next.map((value, i) => where(b, alive, value, state[i]!)) : next;
    return alive ? keepWhere(b, alive, state[0]!) : state[0]!;
  });
  return { outputs: turned(stack(b, outputs, 0)), state };
}

function pick(b: GraphBuilder, value: Value, index: number): Value {
  return b.op("Gather", [value, b.scalar(index, "int64")], { axis: 0 });
}

/** Given, or zeros [N, H]. */
function initial(
  b: GraphBuilder,
  node: Node,
  own: (value: Value) => Value,
  position: number,
): Value {
  const given = node.inputs[position];
  if (given) return own(given);
  const [x, , r] = node.inputs as [Value, Value, Value];
  const shape = joinShape(b, [sizePart(b, x, 1), sizePart(b, r, 2)]);
  return b.op("Expand", [constantLike(b, x, 0), shape]);
}

/** The activations of a direction, whose arguments are clipped if the layer says so. */
function activationOf(b: GraphBuilder, node: Node, cell: Cell, direction: number) {
  const bound = node.attributes.clip === undefined ? undefined : floatOf(node, "clip", 0);
  return (index: number, x: Value): Value => {
    const position = direction * cell.activations.length + index;
    const argument = bound === undefined || index === cell.unclipped ? x : b.op("Clip", [
      x,
      constantLike(b, x, -bound),
      constantLike(b, x, bound),
    ]);
    return activationAt(node, cell.activations, position)(b, argument);
  };
}

/** Whether each row's sequence reaches this time: bool [N, 1]. */
function stillRunning(b: GraphBuilder, lengths: Value, time: number): Value {
  const alive = b.op("Greater", [lengths, constantLike(b, lengths, time)]);
  return b.op("Unsqueeze", [alive, b.int64s([1])]);
}

/** The sequences from their ends; what is padding stays behind. */
function backwards(
  b: GraphBuilder,
  x: Value,
  lengths: Value | undefined,
  length: number,
): Value {
  const own = lengths
    ? castTo(b, lengths, "int64")
    : b.op("Expand", [b.scalar(length, "int64"), joinShape(b, [sizePart(b, x, 1)])]);
  return b.op("ReverseSequence", [x, own], { time_axis: 0, batch_axis: 1 });
}
