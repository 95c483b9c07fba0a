import { z } from "zod";
import { artifact, defineStage } from "../lib/pipeline/contract/stage.ts";

/** Corrupts the pictures of a split: the common corruptions of arXiv 1903.12261. */
export default defineStage({
  name: "corrupt-dataset",
  description: "Corrupts the pictures of a split: one of 15 common corruptions at a severity.",
  with: z.strictObject({
    data: artifact("dataset").describe("pictures and rows; the rows stay as they are"),
    kind: z.enum(
      [
        ...["gaussian-noise", "shot-noise", "impulse-noise"],
        ...["defocus-blur", "glass-blur", "motion-blur", "zoom-blur"],
        ...["snow", "frost", "fog", "brightness"],
        ...["contrast", "elastic-transform", "pixelate", "jpeg-compression"],
      ] as const,
    ).describe("the corruption"),
    severity: z.int().min(1).max(5).describe("from 1, weak, to 5"),
    seed: z.int().min(0).default(0).describe("chooses noise, flakes and directions"),
  }),
  outputs: { data: "dataset" },
  picturesOf: "data",
  async run({ data: { path }, kind, severity, seed }, context) {
    const { readDatasetFolder, writeDatasetFolder } = await import("../lib/data/dataset_folder.ts");
    const { corruptPicture } = await import("../lib/vision/corrupt/corrupt.ts");
    const { info, rows, images, height, width } = await readDatasetFolder(path);
    const size = 3 * height * width;
    const corrupted = new Uint8Array(images.length);
    for (const [i, { id }] of rows.entries()) {
      context.signal.throwIfAborted();
      const picture = images.subarray(i * size, (i + 1) * size);
      const options = { kind, severity, side: height, draw: `${seed} ${id}` };
      corrupted.set(await corruptPicture(picture, options), i * size);
      if (i % 100 === 99 || i === rows.length - 1) {
        context.progress({ done: i + 1, total: rows.length, unit: "images" });
      }
    }
    const notes = [
      ...notesOf(info),
      `pictures corrupted: ${kind}, severity ${severity}, seed ${seed}`,
    ];
    const split = { rows, images: corrupted, height, width, notes };
    await writeDatasetFolder(context.output("data"), info, split);
  },
});

/** Notes of the folder that was read. */
function notesOf(info: object): readonly string[] {
  return "notes" in info && Array.isArray(info.notes) ? info.notes : [];
}
