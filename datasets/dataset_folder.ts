/** The dataset artifact: a folder with `dataset.json`, `rows.jsonl` and `images.safetensors`. @module */
import { join } from "@std/path";
import { decodeSafetensors, encodeSafetensors } from "../lib/tensor/safetensors.ts";
import { tensor } from "../lib/tensor/tensor.ts";
import type { DatasetInfo, Row, Split } from "./dataset.ts";

/** A split read back, with what is known of its data set. */
export interface DatasetFolder extends Split {
  readonly info: DatasetInfo;
}

/** Writes a split as a folder; equal splits give equal bytes. */
export async function writeDatasetFolder(
  path: string,
  info: DatasetInfo,
  split: Split,
): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  const { rows, images, height, width } = split;
  const pictures = tensor("uint8", [rows.length, 3, height, width], images);
  const lines = rows.map((row) => JSON.stringify(row) + "\n").join("");
  const card = { ...info, rows: rows.length, height, width, notes: split.notes ?? [] };
  await Deno.writeTextFile(join(path, "dataset.json"), JSON.stringify(card, null, 2) + "\n");
  await Deno.writeTextFile(join(path, "rows.jsonl"), lines);
  await Deno.writeFile(
    join(path, "images.safetensors"),
    encodeSafetensors({ images: pictures }),
  );
}

/**
 * Reads what `writeDatasetFolder` wrote.
 *
 * @throws {SyntaxError} If rows and pictures do not belong together.
 */
export async function readDatasetFolder(path: string): Promise<DatasetFolder> {
  const [info, lines, bytes] = await Promise.all([
    Deno.readTextFile(join(path, "dataset.json")),
    Deno.readTextFile(join(path, "rows.jsonl")),
    Deno.readFile(join(path, "images.safetensors")),
  ]);
  const rows: Row[] = lines.trimEnd().split("\n").map((line) => JSON.parse(line));
  const images = decodeSafetensors(bytes).tensors.images;
  const [count, , height, width] = images?.dims ?? [];
  if (images?.dtype !== "uint8" || count !== rows.length) {
    throw new SyntaxError(
      `Cannot read data set "${path}": ${rows.length} rows need as many u8 pictures, found ${
        images ? `${images.dtype} [${images.dims}]` : "none"
      }`,
    );
  }
  return {
    info: JSON.parse(info),
    rows,
    images: images.data as Uint8Array,
    height: height!,
    width: width!,
  };
}
