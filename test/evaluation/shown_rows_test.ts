import { assertEquals, assertRejects } from "@std/assert";
import { openImages } from "../../lib/data/dataset_folder.ts";
import { type ImageFeed, openFeed } from "../../lib/data/image_feed.ts";
import {
  openShownMaker,
  type ShownItem,
  type ShownOptions,
  type ShownRow,
} from "../../lib/evaluation/shown_rows.ts";
import type { Images } from "../../lib/vision/images.ts";
import { inDataset } from "../data/images_in.ts";

const processor: ShownOptions["processor"] = {
  config: { size: { height: 10, width: 10 }, resample: 3 },
  options: {},
};
const place = { canvas: 20, image: 14 };
const items = [2, 0, 1].map((row) => ({ row, instruction: "what?", answer: `${row}` }));

const feedOf = (images: Images, options: ShownOptions): ImageFeed<ShownItem, ShownRow> => {
  const worker = new URL("../../lib/evaluation/shown_worker.ts", import.meta.url);
  return openFeed({ images, options, open: openShownMaker, worker });
};

const cases: readonly (readonly [name: string, options: ShownOptions, dims: readonly number[]])[] =
  [
    ["placed for a prompt", { processor, place }, [1, 3, 20, 20]],
    ["through the processor", { processor }, [1, 3, 10, 10]],
  ];

for (const [name, options, dims] of cases) {
  Deno.test(`rows ${name}: a thread makes the same bits as this one`, () =>
    inDataset(3, async (folder) => {
      const images = await openImages(folder);
      const { side, fit, read } = images;
      await using there = feedOf(images, options);
      await using here = feedOf({ side, fit, read }, options);
      const shown = await there.of(items);
      assertEquals(shown, await here.of(items));
      assertEquals(shown.map(({ image }) => image.dims), [dims, dims, dims]);
      assertEquals(new Set(shown.map(({ digest }) => digest)).size, 3);
    }));
}

Deno.test("what a thread cannot bring to a size is a RangeError here too", () =>
  inDataset(1, async (folder) => {
    const images = await openImages(folder);
    await using feed = feedOf(images, { processor, place: { canvas: 4, image: 14 } });
    await assertRejects(
      () => feed.of([{ row: 0, instruction: "what?", answer: "cat" }]),
      RangeError,
      "Cannot pad an image of 14 pixels to a canvas of 4",
    );
  }));
