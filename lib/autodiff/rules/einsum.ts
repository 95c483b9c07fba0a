/**
 * Einsum. The gradient of an operand is the Einsum of the output's gradient with the other operands;
 * labels that only that operand has were summed, so its gradient is spread over them.
 *
 * @module
 */
import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import type { GraphBuilder, Value } from "../../onnx/builder.ts";
import type { Node } from "../../onnx/model.ts";
import { stringOf } from "../attributes.ts";
import { range, rankOf, shapeOf } from "../expressions.ts";
import { elementwise, type GradRules } from "../rule.ts";

interface Equation {
  readonly operands: readonly string[];
  readonly result: string;
}

const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Letters in place of an ellipsis, the last for the last axis. */
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

function refuseDiagonal(node: Node, labels: string): void {
  if (new Set(labels).size === labels.length) return;
  throw new DiagnosticError([{
    code: "no-gradient-rule",
    severity: "error",
    message: `Cannot differentiate Einsum "${node.name}": an operand repeats a label in ` +
      `"${stringOf(node, "equation", "")}"`,
    notes: ["Take the diagonal with a product by an identity matrix instead"],
  }]);
}

function operandGrad(
  b: GraphBuilder,
  node: Node,
  g: Value,
  { operands, result }: Equation,
  index: number,
): Value {
  const labels = operands[index]!;
  refuseDiagonal(node, labels);
  const others = range(operands.length).filter((i) => i !== index);
  const known = result + others.map((i) => operands[i]).join("");
  const kept = [...labels].filter((label) => known.includes(label));
  const terms = [result, ...others.map((i) => operands[i]!)];
  const equation = `${terms.join(",")}->${kept.join("")}`;
  const product = b.op("Einsum", [g, ...others.map((i) => node.inputs[i]!)], { equation });
  if (kept.length === labels.length) return product;
  const missing = range(labels.length).filter((i) => !known.includes(labels[i]!));
  const x = node.inputs[index]!;
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
