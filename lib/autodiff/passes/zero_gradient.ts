/** Says why a gradient is zero whatever the inputs are. @module */
import type { Node } from "../../onnx/ir/model.ts";
import { findEnds, isDifferentiable } from "../engine/activity.ts";
import { opKey } from "../engine/rule.ts";
import type { Prepared } from "./prepare.ts";

/** A gradient that is zero by the rules of operators. */
export interface ZeroGradient {
  /** The value whose gradient it is. */
  readonly name: string;
  /** Whether the outputs that are differentiated depend on the value at all. */
  readonly matters: boolean;
  /** Operators on the way, each once, whose derivative is zero wherever it exists. */
  readonly operators: readonly string[];
}

/** Looks at the ways on which the value reaches the outputs. */
export function zeroGradient(
  { whole, lookup }: Pick<Prepared, "whole" | "lookup">,
  name: string,
  targets: readonly string[],
): ZeroGradient {
  const { ways, ends } = findEnds(whole.graph, name, targets, {
    stops: (node: Node) => lookup.stops(node),
    carries: (_node, _output, type) => isDifferentiable(type),
  });
  return { name, matters: ways.nodes.length > 0, operators: [...new Set(ends.map(opKey))] };
}
