/**
 * Runs ONNX models with ONNX Runtime, on the processor or a graphics card.
 *
 * @example
 * ```ts
 * import { GraphBuilder } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Neg", [b.input("x", "float32", ["n"])]), "y");
 * await using session = await openSession(b.finish(), { provider: "cpu" });
 * assertEquals(session.inputs, [{ name: "x", dtype: "float32", dims: ["n"] }]);
 * const data = new Float32Array([1, -3]);
 * const { y } = await session.run({ x: { dtype: "float32", dims: [2], data } });
 * assertEquals(y?.data, new Float32Array([-1, 3]));
 * ```
 *
 * @module
 */
export { type Fallback, type Placement, placeOnCuda } from "./placement.ts";
export type { Device, Provider } from "./provider.ts";
export { openSession, type Session, type SessionOptions, type TensorSpec } from "./session.ts";
export { writeModel, type WrittenModel, type WrittenWeights } from "./write_model.ts";
export type { DType } from "../tensor/dtype.ts";
export type { Tensor } from "../tensor/tensor.ts";
