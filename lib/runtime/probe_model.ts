/** The model that shows whether a device works: y = x + x. @module */
import { encodeModel } from "../onnx/codec/encode.ts";
import type { ValueInfo } from "../onnx/ir/model.ts";

/** Bytes of a model with one input `x` and one output `y`, float32[2]. */
export function probeModel(): Uint8Array {
  const value = (name: string): ValueInfo => ({
    name,
    type: { kind: "tensor", dtype: "float32", dims: [2] },
  });
  const node = {
    name: "add",
    opType: "Add",
    domain: "",
    inputs: ["x", "x"],
    outputs: ["y"],
    attributes: {},
  };
  return encodeModel({
    irVersion: 8,
    opset: 18,
    domains: {},
    functions: [],
    metadata: {},
    graph: {
      name: "probe",
      nodes: [node],
      inputs: [value("x")],
      outputs: [value("y")],
      initializers: new Map(),
      values: new Map(),
    },
  });
}
