import { assertEquals, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { mergeDecoders } from "../../lib/models/merge_decoders.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { tensor } from "../../lib/tensor/tensor.ts";

const [decoderPast, encoderPast] = [
  "past_key_values.0.decoder.key",
  "past_key_values.0.encoder.key",
];

/** Keeps what it reads, and a state of the encoder, its negative. */
function firstDecoder(): Model {
  const b = new GraphBuilder({ opset: 18 });
  const x = b.input("inputs_embeds", "float32", ["n"]);
  b.output(b.op("Identity", [x]), "logits");
  b.output(b.op("Identity", [x]), "present.0.decoder.key");
  b.output(b.op("Neg", [x]), "present.0.encoder.key");
  return b.finish();
}

/** Appends what it reads to its past, and looks at the encoder's. */
function laterDecoder(opset = 18): Model {
  const b = new GraphBuilder({ opset });
  const x = b.input("inputs_embeds", "float32", ["n"]);
  const past = b.input(decoderPast, "float32", ["past"]);
  const encoded = b.input(encoderPast, "float32", ["encoded"]);
  b.output(b.op("Add", [x, encoded]), "logits");
  b.output(b.op("Concat", [past, x], { axis: 0 }), "present.0.decoder.key");
  return b.finish();
}

Deno.test("mergeDecoders() chooses by use_cache_branch, and passes on the encoder's states", async () => {
  const merged = mergeDecoders(firstDecoder(), laterDecoder());
  await using session = await openSession(merged, { provider: "cpu", threads: 1 });
  const floats = (...values: number[]) =>
    tensor("float32", [values.length], Float32Array.from(values));
  const run = async (onPast: boolean) => {
    const results = await session.run({
      inputs_embeds: floats(5),
      [decoderPast]: floats(1, 2),
      [encoderPast]: floats(100),
      use_cache_branch: tensor("bool", [1], Uint8Array.of(onPast ? 1 : 0)),
    });
    return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...data]]));
  };
  assertEquals(await run(false), {
    logits: [5],
    "present.0.decoder.key": [5],
    "present.0.encoder.key": [-5],
  });
  assertEquals(await run(true), {
    logits: [105],
    "present.0.decoder.key": [1, 2, 5],
    "present.0.encoder.key": [100],
  });
});

/** A decoder without states that calls a function, `Block`, whose body is this operator. */
function callingDecoder(body: string): Model {
  const b = new GraphBuilder({ opset: 18 });
  b.output(b.op("Block", [b.input("inputs_embeds", "float32", ["n"])], {}, "local"), "logits");
  const node = { name: "", domain: "", opType: body, inputs: ["a"], outputs: ["b"] };
  const model = b.finish();
  return {
    ...model,
    domains: { ...model.domains, local: 1 },
    functions: [{
      domain: "local",
      name: "Block",
      inputs: ["a"],
      outputs: ["b"],
      attributes: [],
      attributeDefaults: {},
      opsets: { "": 18 },
      nodes: [{ ...node, attributes: {} }],
    }],
  };
}

Deno.test("mergeDecoders() keeps functions of one name apart", async () => {
  const merged = mergeDecoders(callingDecoder("Neg"), callingDecoder("Abs"));
  await using session = await openSession(merged, { provider: "cpu", threads: 1 });
  const logits = async (onPast: number) => {
    const results = await session.run({
      inputs_embeds: tensor("float32", [1], Float32Array.of(5)),
      use_cache_branch: tensor("bool", [1], Uint8Array.of(onPast)),
    });
    return [...results.logits!.data];
  };
  assertEquals([await logits(0), await logits(1)], [[-5], [5]]);
});

Deno.test("mergeDecoders() refuses decoders of different operator sets", () => {
  assertThrows(
    () => mergeDecoders(firstDecoder(), laterDecoder(17)),
    DiagnosticError,
    "Cannot compose a model: decoder_model is of operator set 18, decoder_with_past_model of 17",
  );
});
