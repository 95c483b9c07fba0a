import { assertEquals, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { readModelFile } from "../../lib/runtime/read_model.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { tensorFromWeight } from "../../lib/onnx/ir/weight.ts";
import { Random } from "../../lib/tensor/random.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { splitEncoder } from "../../lib/training/split_encoder.ts";

const zoo = new URL("../../zoo/", import.meta.url).pathname;

/** Prefix of the trained weights, and the shape of what lies before the cut. */
const cases: readonly [model: string, prefix: string, features: string][] = [
  ["mini-convllava", "multi_modal_projector.", "batch_size, 16, 144"],
  ["mini-vpgtrans", "multi_modal_projector.", "batch_size, 16, 448"],
  ["mini-vpgtrans", "multi_modal_projector.linear_2", "batch_size, 16, 256"],
  ["mini-minigpt4", "language_projection.", "batch_size, 8, 96"],
];

Deno.test("splitEncoder() gives halves that make the whole", async () => {
  const pixels = Float32Array.from({ length: 2 * 3 * 64 * 64 }, uniform(new Random("pixels")));
  const feeds = { pixel_values: tensor("float32", [2, 3, 64, 64], pixels) };
  for (const [name, prefix, shape] of cases) {
    const vision = await readModelFile(`${zoo}${name}/onnx/vision_encoder.onnx`);
    const { encoder, connector, features, weights } = splitEncoder(vision, prefix);
    assertEquals(features.map(({ type }) => type.kind === "tensor" && type.dims?.join(", ")), [
      shape,
    ]);
    await using whole = await openSession(vision, { provider: "cpu" });
    await using first = await openSession(encoder, { provider: "cpu" });
    await using second = await openSession(connector, { provider: "cpu" });
    const given = Object.fromEntries([...weights].map(([n, w]) => [n, tensorFromWeight(w)]));
    const expected = (await whole.run(feeds)).image_features!;
    const found = (await second.run({ ...await first.run(feeds), ...given })).image_features!;
    assertEquals(found.dims, expected.dims, name);
    const wanted = expected.data as Float32Array;
    const errors = (found.data as Float32Array).map((x, at) => Math.abs(x - wanted[at]!));
    const apart = Math.max(...errors);
    assertEquals(apart < 1e-5, true, `${name}: ${apart}`);
  }
});

function uniform(random: Random): () => number {
  return () => random.uniform();
}

Deno.test("splitEncoder() says why a connector cannot be trained", () => {
  const builder = new GraphBuilder();
  const pixels = builder.input("pixel_values", "float32", ["batch", "places", 4]);
  const weight = builder.initializer("vision.w", tensor("float32", [4, 2], new Float32Array(8)));
  builder.output(builder.op("MatMul", [pixels, weight]), "image_features");
  const model = builder.finish();
  const messages: readonly [prefix: string, message: string][] = [
    [
      "projector.",
      `Cannot train a connector: no float32 weight's name begins with "projector."`,
    ],
    [
      "vision.",
      `Cannot train a connector: it reads "pixel_values", float32 [batch, places, 4], expected float32 with images along its first axis and all other sizes known`,
    ],
  ];
  for (const [prefix, message] of messages) {
    const error = assertThrows(() => splitEncoder(model, prefix), DiagnosticError);
    assertEquals(error.message, message);
  }
});
