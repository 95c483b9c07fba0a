import { assertAlmostEquals, assertEquals } from "@std/assert";
import { optimizePrompt } from "../../lib/training/optimize_prompt.ts";
import { resolveSettings } from "../../lib/training/prompt_settings.ts";
import { writeTinyModel } from "../rigs/tiny_models.ts";
import { imagesIn } from "../../lib/vision/images.ts";

Deno.test("optimizePrompt() hands the instruction to a Q-Former that encodes clean images", async () => {
  const folder = await Deno.makeTempDir({ prefix: "tvp-clean-" });
  const path = await writeTinyModel(folder, "mini-instructblip");
  const rows = ["a cat", "a dog"].map((answer) => ({ instruction: "what is it?", answer }));
  const images = Uint8Array.from({ length: 2 * 3 * 16 * 16 }, (_, i) => i * 37 % 256);
  const settings = resolveSettings(
    {
      loss: { fca: 1 },
      augment: "none",
      schedule: "constant",
      lr: 1,
      steps: 2,
      batch: 2,
      image: 8,
    },
    { rows: 2, side: 16 },
  );
  const { curve } = await optimizePrompt({
    settings,
    sources: [{ name: "tiny", path }],
    data: { rows, images: imagesIn(images, { height: 16, width: 16 }), info: {} },
  });
  await Deno.remove(folder, { recursive: true });
  // A prompt of zeros changes nothing, so the features agree with the clean ones.
  assertEquals(curve.length, 2);
  assertAlmostEquals(curve[0]!.terms.fca!, 0, 1e-5);
});
