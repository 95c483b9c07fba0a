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
 * An op that has no rule, such as one of your own domain, gets one in `rules`: a `rule` builds
 * the gradients of its inputs, a `decomposition` rewrites it into ops that have rules.
 *
 * @example
 * ```ts
 * import { GraphBuilder } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * const x = b.input("x", "float32", ["n"]);
 * b.output(b.op("Square", [x], {}, "acme"), "y");
 *
 * const square: Decomposition = (node, b) => [b.op("Mul", [node.inputs[0], node.inputs[0]])];
 * const rules = { "acme.Square": [{ sinceOpset: 1, decomposition: square }] };
 * assertEquals(unsupportedNodes(b.finish()).length, 1);
 * assertEquals(unsupportedNodes(b.finish(), { rules }), []);
 * const step = addGradients(b.finish(), { of: "y", wrt: ["x"], rules });
 * assertEquals(step.graph.outputs.map((output) => output.name), ["y", "grad.x"]);
 * ```
 *
 * Whether a gradient is right, `checkGradient` asks of finite differences in a random direction.
 *
 * @example
 * ```ts
 * import { GraphBuilder } from "@tvp/pipeline/onnx";
 * import { openSession } from "@tvp/pipeline/runtime";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Sin", [b.input("x", "float64", [2])]), "y");
 * const run: RunModel = async (model, feeds) => {
 *   await using session = await openSession(model, { provider: "cpu" });
 *   return await session.run(feeds);
 * };
 * const feeds = { x: { dtype: "float64", dims: [2], data: new Float64Array([0.5, 1]) } } as const;
 * const check = await checkGradient(b.finish(), feeds, run, { outputs: ["y"], wrt: ["x"] });
 * assertEquals(check.verdict, "ok"); // or "kink", "differs", "inconclusive"
assertAlmostEquals(check.analytic, check.numeric, 1e-5);
 * ```
 *
 * @module
 */
export {
  checkGradient,
  type CheckOptions,
  type DirectionCheck,
  type GradientCheck,
  openCheck,
  type Precision,
  type RunModel,
  type Verdict,
} from "./check/check_gradient.ts";
export { addGradients, type GradientOptions, unsupportedNodes } from "./gradient.ts";
export type { Decomposition, GradContext, GradRule, InputGrads } from "./engine/rule.ts";
export { defaultRules, type RuleRow, type RuleTable } from "./table/rule_table.ts";
export { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
