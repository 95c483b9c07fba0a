/** Says in words why a gradient is zero. @module */
import type { ZeroGradient } from "../autodiff/passes/zero_gradient.ts";

/** Continues "the gradient is zero: ". @param outputs What is differentiated. */
export function zeroReason(
  { operators, matters }: ZeroGradient,
  outputs: readonly string[],
): string {
  const names = outputs.map((name) => `"${name}"`).join(", ");
  if (!matters) return `${names} ${outputs.length === 1 ? "does" : "do"} not depend on it`;
  if (operators.length === 0) return `no rule on the way to ${names} passes one on`;
  return `${operators.join(", ")} ${operators.length === 1 ? "has" : "have"} derivative 0`;
}
