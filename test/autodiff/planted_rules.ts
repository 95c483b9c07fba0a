/** Mistakes that people make in gradient rules, as rules made from right ones. @module */
import type { GraphBuilder, Value } from "../../lib/onnx/build/builder.ts";
import type { GradRule } from "../../lib/autodiff/engine/rule.ts";
import { gradRules, type RuleTable } from "../../lib/autodiff/table/rule_table.ts";

/** Changes the gradient of one input. */
type Mistake = (b: GraphBuilder, grad: Value, input: Value) => Value | undefined;

const times = (factor: number): Mistake => (b, grad) =>
  b.op("Mul", [grad, b.scalar(factor, b.dtype(grad))]);

/** The elements of a gradient along an axis, from the last to the first. */
function turned(b: GraphBuilder, grad: Value, axis: number): Value {
  const [start, end] = [b.int64s([-1]), b.int64s([-(2 ** 31)])];
  return b.op("Slice", [grad, start, end, b.int64s([axis]), b.int64s([-1])]);
}

/** In the order of the transpose, in the shape of the input. */
const transposed: Mistake = (b, grad) => {
  const perm = b.dims(grad)!.map((_, i) => i).reverse();
  const shape = b.op("Shape", [grad]);
  return b.op("Reshape", [b.op("Transpose", [grad], { perm }), shape]);
};

/** By name: what is done to the gradient. */
export const mistakes = {
  "a wrong sign": times(-1),
  "a missing factor 2": times(0.5),
  "1 % too much": times(1.01),
  "a missing transpose": transposed,
  "the wrong end of an axis": (b, grad) => turned(b, grad, -1),
  "a NaN": times(NaN),
  "no gradient for an operand": () => undefined,
} satisfies Record<string, Mistake>;

/** The default rule of an op with a mistake in the gradient of one operand. */
export function planted(op: string, mistake: keyof typeof mistakes, operand = 0): RuleTable {
  const right = gradRules[op]!;
  const change: Mistake = mistakes[mistake];
  const wrong: GradRule = Object.assign(
    ((node, context) =>
      right(node, context).map((grad, i) =>
        grad === undefined || i !== operand ? grad : change(context.builder, grad, node.inputs[i]!)
      )) satisfies GradRule,
    right,
  );
  return { [op]: [{ sinceOpset: 1, rule: wrong }] };
}
