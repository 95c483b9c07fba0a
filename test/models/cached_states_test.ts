import { assertEquals } from "@std/assert";
import { bytesPerToken } from "../../lib/models/cached_states.ts";
import type { DType } from "../../lib/tensor/dtype.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import type { Dim } from "../../lib/onnx/ir/model.ts";

const key = "past_key_values.0.key";

Deno.test("bytesPerToken() counts declared keys and values as large as their type is", () => {
  const rows: readonly [string, DType, readonly Dim[] | undefined, number | undefined][] = [
    [key, "float32", ["b", 2, "past", 8], 64],
    [key, "float16", ["b", 2, "past", 8], 32],
    [key, "bfloat16", ["b", 2, "past", 8], 32],
    [key, "float32", ["b", "heads", "past", 8], undefined],
    [key, "float32", undefined, undefined],
    ["past_key_values.0.encoder.key", "float32", ["b", 2, "n", 8], 0],
    ["past_conv.0", "float32", ["b", 16, 3], 0],
    ["x", "float32", ["b", 2, "n", 8], 0],
  ];
  for (const [name, dtype, dims, bytes] of rows) {
    const b = new GraphBuilder();
    b.input(name, dtype, dims);
    assertEquals(bytesPerToken(b.finish().graph), bytes, `${name} ${dtype} ${dims}`);
  }
});
