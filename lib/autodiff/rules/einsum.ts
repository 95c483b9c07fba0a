/**
 * Einsum. The gradient of an operand is the Einsum of the output's gradient with the other operands;
 * labels that only that operand has were summed, so its gradient is spread over them.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { stringOf } from "../engine/attributes.ts";
import { dimOf, indicator, range, rankOf, shapeOf } from "../engine/expressions.ts";
import { elementwise, type GradRules } from "../engine/rule.ts";

interface Equation {
  readonly operands: readonly string[];
  readonly result: string;
}

const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Letters instead of an ellipsis, the last for the last axis. */
function spell(labels: string, rank: number, letters: string): string {
  if (!labels.includes("...")) return labels;
  const named = labels.replace("...", "").length;
  return labels.replace("...", letters.slice(letters.length - Math.max(0, rank - named)));
}

/** Labels of an equation without an arrow: those that occur once, in alphabetical order. */
function impliedResult(operands: readonly string[]): string {
  const all = operands.join("").replaceAll("...", "");
  const once = [...new Set(all)].filter((label) => all.split(label).length === 2).sort();
  return (operands.some((labels) => labels.includes("...")) ? "..." : "") + once.join("");
}

/** The equation with every axis named. */
function parse(b: GraphBuilder, node: Node): Equation {
  const equation = stringOf(node, "equation", "").replaceAll(" ", "");
  const [left, right] = equation.split("->");
  const operands = left!.split(",");
  const ranks = node.inputs.map((x) => rankOf(b, x));
  const result = right ?? impliedResult(operands);
  const covered = operands.map((labels, i) =>
    labels.includes("...") ? ranks[i]! - labels.length + 3 : 0
  );
  const unused = [...alphabet].filter((letter) => !equation.includes(letter));
  const letters = unused.slice(0, Math.max(...covered)).join("");
  return {
    operands: operands.map((labels, i) => spell(labels, ranks[i]!, letters)),
    result: result.replace("...", letters),
  };
}

/** A label that occurs again represents the diagonal: it gets a letter and an identity of its own. */
function spread(b: GraphBuilder, x: Value, g: Value, labels: string, used: string) {
  const free = [...alphabet].filter((letter) => !used.includes(letter));
  const identities: { labels: string; value: Value }[] = [];
  const letters = [...labels].map((label, axis) => {
    if (labels.indexOf(label) === axis) return label;
    const letter = free.shift()!;
    identities.push({ labels: label + letter, value: identity(b, dimOf(b, x, axis), g) });
    return letter;
  });
  return { letters, identities };
}

/** The identity matrix of a size given as a value of shape [1]. */
function identity(b: GraphBuilder, size: Value, like: Value): Value {
  const scalar = (value: Value) => b.op("Squeeze", [value, b.int64s([0])]);
  const numbers = b.op("Range", [scalar(b.int64s([0])), scalar(size), scalar(b.int64s([1]))]);
  const column = b.op("Unsqueeze", [numbers, b.int64s([1])]);
  return indicator(b, b.op("Equal", [column, numbers]), like);
}

function operandGrad(
  b: GraphBuilder,
  node: Node,
  g: Value,
  { operands, result }: Equation,
  index: number,
): Value {
  const x = node.inputs[index]!;
  const used = result + operands.join("");
  const { letters, identities } = spread(b, x, g, operands[index]!, used);
  const terms = [
    { labels: result, value: g },
    ...operands.map((labels, i) => ({ labels, value: node.inputs[i]! })).toSpliced(index, 1),
    ...identities,
  ];
  const known = terms.map((term) => term.labels).join("");
  const kept = letters.filter((letter) => known.includes(letter));
  const equation = `${terms.map((term) => term.labels).join(",")}->${kept.join("")}`;
  const product = b.op("Einsum", terms.map((term) => term.value), { equation });
  if (kept.length === letters.length) return product;
  const missing = range(letters.length).filter((i) => !known.includes(letters[i]!));
  return b.op("Expand", [b.op("Unsqueeze", [product, b.int64s(missing)]), shapeOf(b, x)]);
}

/** Rule of Einsum. */
export const einsumRules = {
  Einsum: elementwise((node, { builder: b, outputGrads: [g], needs }) => {
    if (g === undefined) return [];
    const equation = parse(b, node);
    return node.inputs.map((_, i) => needs(i) ? operandGrad(b, node, g, equation, i) : undefined);
  }),
} satisfies GradRules;
