import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { openImages } from "../../lib/data/dataset_folder.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { ImageBatches } from "../../lib/training/image_batches.ts";
import type { ImageBatchOptions } from "../../lib/training/training_images.ts";
import type { Images } from "../../lib/vision/images.ts";
import { inDataset } from "../data/images_in.ts";

const options: ImageBatchOptions = { canvas: 20, image: 14, augment: "flip-crop" };
const picks = [{ row: 1, flip: true }, { row: 0, flip: false }, { row: 2, flip: false }];

/** The images without their folder: they are made in this thread. */
const here = ({ side, fit, read }: Images): Images => ({ side, fit, read });

Deno.test("ImageBatches makes encoded images in a thread, equal to those made here, in order", () =>
  inDataset(3, async (folder) => {
    const images = await openImages(folder);
    await using there = new ImageBatches(images, options);
    await using same = new ImageBatches(here(images), options);
    const batches = [picks, picks.slice(1), picks.toReversed()];
    const made = await Promise.all(batches.map((batch) => there.of(batch)));
    assertEquals(made, await Promise.all(batches.map((batch) => same.of(batch))));
  }));

Deno.test("ImageBatches tells of an image that is damaged, and goes on with others", () =>
  inDataset(3, async (folder) => {
    const images = await openImages(folder);
    const shard = join(folder, "pictures-00000.bin");
    using file = await Deno.open(shard, { write: true });
    await file.write(new TextEncoder().encode("no image"));
    await using batches = new ImageBatches(images, options);
    await assertRejects(
      () => batches.of(picks),
      DiagnosticError,
      "Cannot read image 0 of the data set: Cannot decode image: the file is not an image",
    );
    assertEquals((await batches.of(picks.slice(2))).dims, [1, 3, 20, 20]);
  }));
