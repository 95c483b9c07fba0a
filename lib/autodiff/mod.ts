/**
 * Gradients of ONNX models, as ONNX models. No Deno APIs, no runtime.
 *
 * @example
 * ```ts
 * import { GraphBuilder } from "@tvp/pipeline/onnx";
 * import { openSession } from "@tvp/pipeline/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * const x = b.input("x", "float32", ["n"]);
 * b.output(b.op("ReduceSum", [b.op("Mul", [x, x])], { keepdims: 0 }), "loss");
 * const step = addGradients(b.finish(), { of: "loss", wrt: ["x"] });
 *
 * await using session = await openSession(step, { provider: "cpu" });
 * const data = new Float32Array([1, -3]);
 * const { loss, "grad.x": gradient } = await session.run({ x: { dtype: "float32", dims: [2], data } });
 * assertEquals(loss?.data, new Float32Array([10]));
 * assertEquals(gradient?.data, new Float32Array([2, -6]));
 * ```
 *
 * @module
 */
export {
  checkGradient,
  type CheckOptions,
  type GradientCheck,
  type RunModel,
} from "./check_gradient.ts";
export { addGradients, type GradientOptions, unsupportedNodes } from "./gradient.ts";
export type { Decomposition, GradContext, GradRule, InputGrads } from "./rule.ts";
export { defaultRules, type RuleRow, type RuleTable } from "./rule_table.ts";
export { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
