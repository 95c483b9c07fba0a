import { assertEquals, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { tokenEmbeddings } from "../../lib/models/token_embeddings.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { tensor } from "../../lib/tensor/tensor.ts";

/** Looks ids up, negative ones as 0, and puts the features in front; another table is looked up before. */
function prepare(types = true): Model {
  const builder = new GraphBuilder({ opset: 17 });
  const ids = builder.input("input_ids", "int64", ["batch", "length"]);
  const image = builder.input("image_features", "float32", ["batch", "rows", 2]);
  const kinds = builder.input("kinds", "int64", ["batch", "length"]);
  const table = (start: number) =>
    builder.constant(
      tensor("float32", [3, 2], Float32Array.from({ length: 6 }, (_, i) => start + i)),
    );
  const kind = builder.op("Gather", [table(100), kinds]);
  const zero = builder.constant(tensor("int64", [], BigInt64Array.of(0n)));
  const known = builder.op("Max", [ids, zero]);
  const words = types ? builder.op("Gather", [table(0), known]) : kind;
  const all = builder.op("Concat", [image, builder.op("Add", [words, kind])], { axis: 1 });
  builder.output(all, "inputs_embeds");
  return builder.finish();
}

Deno.test("tokenEmbeddings() is the look-up by the ids alone", async () => {
  const model = tokenEmbeddings(prepare());
  assertEquals(model.graph.inputs.map(({ name }) => name), ["input_ids"]);
  assertEquals(model.graph.outputs.map(({ name }) => name), ["inputs_embeds"]);
  await using session = await openSession(model, { provider: "cpu", threads: 1 });
  const input_ids = tensor("int64", [1, 3], BigInt64Array.of(2n, -7n, 1n));
  const { inputs_embeds } = await session.run({ input_ids });
  assertEquals(inputs_embeds!.dims, [1, 3, 2]);
  assertEquals(inputs_embeds!.data, Float32Array.of(4, 5, 0, 1, 2, 3));
});

Deno.test("tokenEmbeddings() refuses a graph that looks nothing up by them", () => {
  assertThrows(
    () => tokenEmbeddings(prepare(false)),
    DiagnosticError,
    "no table is looked up by input_ids alone",
  );
});
