import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { openImages, writeRows } from "../../lib/data/dataset_folder.ts";
import { writeImages } from "../../lib/data/image_files.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { openPhotos } from "../../lib/training/photo_thread.ts";
import { type PhotoOptions, Photos } from "../../lib/training/photos.ts";
import { colour, imageFile } from "../data/images_in.ts";

const options: PhotoOptions = { canvas: 20, image: 14, augment: "flip-crop" };
const picks = [{ row: 1, flip: true }, { row: 0, flip: false }, { row: 2, flip: false }];

/** A data set's folder with three encoded images. */
async function inDataset(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tvp-photos-" });
  try {
    const images = async function* () {
      for (let i = 0; i < 3; i++) yield { encoded: await imageFile(colour(i)) };
    };
    await writeImages(folder, images(), { seen: new Set() });
    const rows = [0, 1, 2].map((i) => ({
      ...{ id: `${i}`, cluster: `${i}`, instruction: "what?", answer: "cat", label: 0 },
    }));
    const info = { name: "pets", kind: "classification", classes: ["cat"] } as const;
    await writeRows(folder, { ...info, licence: "none", source: "drawn" }, rows);
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("openPhotos() makes encoded images in a thread, equal to those made here, in order", () =>
  inDataset(async (folder) => {
    const images = await openImages(folder);
    await using there = openPhotos(images, options);
    await using here = new Photos(images, options);
    const batches = [picks, picks.slice(1), picks.toReversed()];
    const made = await Promise.all(batches.map((batch) => there.of(batch)));
    assertEquals(made, await Promise.all(batches.map((batch) => here.of(batch))));
  }));

Deno.test("openPhotos() tells of an image that is damaged, and goes on with others", () =>
  inDataset(async (folder) => {
    const images = await openImages(folder);
    const shard = join(folder, "pictures-00000.bin");
    using file = await Deno.open(shard, { write: true });
    await file.write(new TextEncoder().encode("no image"));
    await using photos = openPhotos(images, options);
    await assertRejects(
      () => photos.of(picks),
      DiagnosticError,
      "Cannot read image 0 of the data set: Cannot decode image: the file is not an image",
    );
    assertEquals((await photos.of(picks.slice(2))).dims, [1, 3, 20, 20]);
  }));
