import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { decodeModel } from "../../lib/onnx/codec/decode.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { tensorFromBytes } from "../../lib/tensor/bytes.ts";
import { decodeSafetensors, encodeSafetensors } from "../../lib/tensor/safetensors.ts";
import { tensor } from "../../lib/tensor/tensor.ts";

/** Bytes as Node gives them: a Buffer within a larger block, at an odd place. */
function inPool(bytes: Uint8Array, before: number): Buffer {
  const pool = Buffer.alloc(before + bytes.length + 7, 0xee);
  pool.set(bytes, before);
  return pool.subarray(before, before + bytes.length);
}

Deno.test("addGradients() differentiates a model that was read into a Buffer", () => {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [2, 3]);
  const w = b.constant(tensor("float32", [3, 1], new Float32Array([1, 2, 3])));
  const to = b.int64s([2]);
  b.output(
    b.op("ReduceSum", [b.op("Reshape", [b.op("MatMul", [x, w]), to])], { keepdims: 0 }),
    "loss",
  );
  const bytes = encodeModel(b.finish());
  const gradients = (file: Uint8Array) =>
    encodeModel(addGradients(decodeModel(file), { of: "loss", wrt: ["x"] }));
  const expected = gradients(bytes);
  for (const before of [0, 1, 2, 3, 5]) {
    assertEquals(gradients(inPool(bytes, before)), expected, `at byte ${before}`);
  }
});

Deno.test("tensorFromBytes() and decodeSafetensors() read Buffers at any place", () => {
  const x = tensor("float32", [2], new Float32Array([1.5, -2]));
  const file = encodeSafetensors({ x });
  for (const before of [0, 1, 2, 3]) {
    assertEquals(decodeSafetensors(inPool(file, before)).tensors, { x });
    const bytes = inPool(new Uint8Array(x.data.buffer), before);
    assertEquals(tensorFromBytes("float32", [2], bytes), x);
  }
});
