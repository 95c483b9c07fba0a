import { assertAlmostEquals, assertEquals } from "@std/assert";
import { optimizePrompt } from "../../lib/training/optimize_prompt.ts";
import { trainingOf } from "../../lib/training/prompt_settings.ts";
import { writeTinyModel } from "../rigs/tiny_models.ts";
import { picturesIn } from "../../lib/vision/pictures.ts";

Deno.test("optimizePrompt() hands the instruction to a Q-Former that encodes clean pictures", async () => {
  const folder = await Deno.makeTempDir({ prefix: "tvp-clean-" });
  const path = await writeTinyModel(folder, "mini-instructblip");
  const rows = ["a cat", "a dog"].map((answer) => ({ instruction: "what is it?", answer }));
  const images = Uint8Array.from({ length: 2 * 3 * 16 * 16 }, (_, i) => i * 37 % 256);
  const training = trainingOf({
    ...{ kind: "frame", optimizer: "reference", schedule: "constant", lr: 1, augment: "none" },
    ...{ steps: 2, batch: 2, seed: 0, image: 8 },
  }, {
    sources: [{ name: "tiny", path }],
    data: {
      rows,
      pictures: picturesIn(images, { height: 16, width: 16 }),
      info: { name: "pairs" },
    },
    weights: { fca: 1 },
  });
  const { curve } = await optimizePrompt(training, {
    provider: "cpu",
    threads: 1,
    loadCheckpoint: () => Promise.resolve(undefined),
    checkpointDue: () => false,
    saveCheckpoint: () => Promise.resolve(),
    progress: () => {},
    log: () => {},
    signal: new AbortController().signal,
  });
  await Deno.remove(folder, { recursive: true });
  // A prompt of zeros changes nothing, so the features agree with the clean ones.
  assertEquals(curve.length, 2);
  assertAlmostEquals(curve[0]!.terms.fca!, 0, 1e-5);
});
