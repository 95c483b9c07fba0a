import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { openModelDirectory } from "../../lib/models/directory.ts";
import { tensorFromWeight } from "../../lib/onnx/ir/weight.ts";
import { Random } from "../../lib/tensor/random.ts";
import {
  type ConnectorHost,
  type ConnectorOptions,
  pretrainConnector,
  writeWithVision,
} from "../../lib/training/pretrain_connector.ts";
import { imagesIn } from "../../lib/vision/images.ts";
import { savedOnce } from "./saved_once.ts";

const zoo = new URL("../../zoo/mini-convllava", import.meta.url).pathname;
const side = 16;
const answers = ["red", "green", "blue"];

/** Images of one colour each, brighter in one channel, and what the colour is. */
function lesson() {
  const random = new Random("colours");
  const rows = Array.from({ length: 24 }, (_, i) => ({
    instruction: "This is a photo of a",
    answer: answers[i % 3]!,
  }));
  const pixels = new Uint8Array(rows.length * 3 * side * side);
  for (const [i, value] of pixels.entries()) {
    const channel = Math.floor(i / (side * side)) % 3;
    const label = Math.floor(i / (3 * side * side)) % 3;
    pixels[i] = value + random.integer(60) + (channel === label ? 180 : 0);
  }
  const images = imagesIn(pixels, { height: side, width: side });
  return { rows, images, mirror: true };
}

const schedule = { learningRate: 3e-3, warmup: 2, decay: 0 };
const options: ConnectorOptions = {
  seed: 0,
  prefix: "multi_modal_projector.",
  dropout: 0.1,
  alignment: { ...schedule, steps: 10, batch: 8 },
  language: { ...schedule, steps: 12, batch: 4 },
};

async function train(host: ConnectorHost) {
  const directory = await openModelDirectory(zoo);
  return await pretrainConnector(directory, lesson(), options, { provider: "cpu", ...host });
}

Deno.test("pretrainConnector() teaches the rows, then the answers", async () => {
  const [aligned, losses]: [number[], number[]] = [[], []];
  const vision = await train({
    onAlign: (_, { loss }) => aligned.push(loss!),
    onStep: (_, { loss }) => losses.push(loss!),
  });
  assertEquals([aligned.length, losses.length], [10, 12]);
  assert(aligned.at(-1)! < aligned[0]! / 2, `rows: ${aligned}`);
  assert(losses.at(-1)! < losses[0]! / 2, `answers: ${losses}`);
  const before = await (await openModelDirectory(zoo)).readPart("vision_encoder");
  const changed = [...vision.graph.initializers].filter(([name, weight]) =>
    `${tensorFromWeight(weight).data}` !==
      `${tensorFromWeight(before.graph.initializers.get(name)!).data}`
  ).map(([name]) => name);
  assertEquals(changed, [
    "multi_modal_projector.linear_1.weight",
    "multi_modal_projector.linear_1.bias",
    "multi_modal_projector.linear_2.weight",
    "multi_modal_projector.linear_2.bias",
  ]);
});

Deno.test("pretrainConnector() that was interrupted ends with the weights of one that was not", async () => {
  const weightsOf = (vision: Awaited<ReturnType<typeof train>>) =>
    [...vision.graph.initializers].filter(([name]) => name.startsWith(options.prefix))
      .map(([, weight]) => `${tensorFromWeight(weight).data}`);
  const whole = await train({});
  const { checkpoint, resumed } = savedOnce();
  const controller = new AbortController();
  const onStep = (step: number) => step === 5 && controller.abort(new Error("stopped"));
  await assertRejects(
    () => train({ checkpoint, signal: controller.signal, onStep }),
    Error,
    "stopped",
  );
  assertEquals(weightsOf(await train({ checkpoint })), weightsOf(whole));
  assertEquals(resumed(), 1);
});

Deno.test("writeWithVision() writes a directory that opens", async () => {
  const path = join(await Deno.makeTempDir(), "model");
  try {
    const directory = await openModelDirectory(zoo);
    await writeWithVision(directory, await directory.readPart("vision_encoder"), path);
    const written = await openModelDirectory(path);
    assertEquals(written.config, directory.config);
    assertEquals((await written.readPart("vision_encoder")).graph.nodes.length > 0, true);
  } finally {
    await Deno.remove(join(path, ".."), { recursive: true });
  }
});
