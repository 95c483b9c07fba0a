/** Prepares a data set whose module makes its images, so that people can look at it. @module */
import { splitNames } from "./choose_splits.ts";
import type { Dataset, LoadOptions, Split } from "./dataset.ts";
import type { PlaneImage } from "./listing.ts";
import type { PreparedData } from "./load_data.ts";
import type { MadeRow } from "./make_rows.ts";

/** Loads a data set with the default of each of its parameters. */
export async function drawnData(
  set: Dataset,
  options: Pick<LoadOptions, "downloads" | "onProgress">,
): Promise<PreparedData> {
  const loaded = await set.load({ ...options, seed: 0, parameters: set.parameters?.parse({}) });
  const places: (readonly [split: Split, row: number])[] = [];
  const rowsOf = (split: Split): MadeRow[] =>
    split.rows.map((row, i) => ({
      ...row,
      place: places.push([split, i]) - 1,
      where: row.id,
    }));
  const splits = {
    train: rowsOf(loaded.train),
    validation: rowsOf(loaded.validation),
    test: rowsOf(loaded.test),
  };
  return {
    info: set.info,
    listing: {
      rows: Object.values(splits).flat().map(({ where }) => ({ where, fields: {} })),
      async *images(wanted) {
        for (const place of wanted) yield imageAt(...places[place]!);
      },
    },
    splits,
    notes: [...new Set(splitNames.flatMap((name) => loaded[name].notes ?? []))],
    broken: "refuse",
  };
}

function imageAt({ images, height, width }: Split, row: number): PlaneImage {
  const bytes = 3 * height * width;
  return { planes: images.subarray(row * bytes, (row + 1) * bytes), height, width };
}
