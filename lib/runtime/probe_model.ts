/** The models that show whether a device works: both double their input. @module */
import { encodeModel } from "../onnx/codec/encode.ts";
import type { Node, ValueInfo, Weight } from "../onnx/ir/model.ts";

/** Bytes of a model y = x + x, float32[1, 1, 1, 2]: the device takes it. */
export function probeModel(): Uint8Array {
  return doubling({ opType: "Add", inputs: ["x", "x"] });
}

/** Bytes of a model that doubles by a convolution: what a device loads at the first of them is there. */
export function convolutionProbe(): Uint8Array {
  const bytes = new Uint8Array(Float32Array.of(2).buffer);
  const two: Weight = { dtype: "float32", dims: [1, 1, 1, 1], data: { kind: "inline", bytes } };
  return doubling({ opType: "Conv", inputs: ["x", "two"] }, new Map([["two", two]]));
}

function doubling(
  op: Pick<Node, "opType" | "inputs">,
  initializers: ReadonlyMap<string, Weight> = new Map(),
): Uint8Array {
  const value = (name: string): ValueInfo => ({
    name,
    type: { kind: "tensor", dtype: "float32", dims: [1, 1, 1, 2] },
  });
  return encodeModel({
    irVersion: 8,
    opset: 18,
    domains: {},
    functions: [],
    metadata: {},
    graph: {
      name: "probe",
      nodes: [{ ...op, name: "double", domain: "", outputs: ["y"], attributes: {} }],
      inputs: [value("x")],
      outputs: [value("y")],
      initializers,
      values: new Map(),
    },
  });
}
