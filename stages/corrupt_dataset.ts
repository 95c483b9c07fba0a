import { z } from "zod";
import { artifact, defineStage, oneOf } from "../lib/pipeline/contract/stage.ts";
import { corruptions } from "../lib/vision/corrupt/corrupt.ts";

/** Corrupts the images of a split: the common corruptions of arXiv 1903.12261. */
export default defineStage({
  name: "corrupt-dataset",
  description: "Corrupts the images of a split: a common corruption at a severity.",
  with: z.strictObject({
    data: artifact("dataset").describe("images and rows; the rows stay as they are"),
    kind: oneOf(corruptions).describe("the corruption"),
    severity: z.int().min(1).max(5).describe("from 1, weak, to 5"),
    seed: z.int().min(0).default(0).describe("chooses noise, flakes and directions"),
  }),
  outputs: { data: "dataset" },
  imagesOf: "data",
  permissions: ["ffi"],
  async run({ data: { path }, kind, severity, seed }, context) {
    const { openDatasetFolder, writeRows } = await import("../lib/data/dataset_folder.ts");
    const { writeImages } = await import("../lib/data/image_files.ts");
    const { corruptedImages } = await import("../lib/data/corrupted_images.ts");
    const { info, rows, images, height, width } = await openDatasetFolder(path);
    const folder = context.output("data");
    await Deno.mkdir(folder, { recursive: true });
    const corrupted = corruptedImages(rows, images, {
      ...{ kind, severity, seed },
      asPlanes: height !== undefined && height === width,
    });
    await writeImages(folder, corrupted, {
      seen: new Set(),
      signal: context.signal,
      onProgress: (done) => {
        if (done % 100 === 0 || done === rows.length) {
          context.progress({ done, total: rows.length, unit: "images" });
        }
      },
    });
    const { notes = [], rows: _, ...card } = info;
    const note = `images corrupted: ${kind}, severity ${severity}, seed ${seed}`;
    const size = height === undefined || width === undefined ? {} : { height, width };
    await writeRows(folder, { ...card, ...size }, rows, [...notes, note]);
  },
});
