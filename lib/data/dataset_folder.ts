/** The dataset artifact: a folder with `dataset.json`, `rows.jsonl` and `images.safetensors`. @module */
import { join } from "@std/path";
import { decodeSafetensors, encodeSafetensors } from "../tensor/safetensors.ts";
import { tensor } from "../tensor/tensor.ts";
import type { DatasetInfo, Split } from "./dataset.ts";
import { type Card, DatasetError, readCard, readRows } from "./dataset_schema.ts";

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
 * Reads what `writeDatasetFolder` wrote, or another program did.
 *
 * @throws {DatasetError} If a file is missing or damaged, or rows and pictures do not belong together.
 */
export async function readDatasetFolder(path: string): Promise<DatasetFolder> {
  try {
    return await readFolder(path);
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound
      ? await missingFile(path)
      : cause instanceof SyntaxError
      ? cause.message
      : undefined;
    if (reason === undefined) throw cause;
    throw new DatasetError(`Cannot read data set "${path}": ${reason}`, { cause });
  }
}

const files = ["dataset.json", "rows.jsonl", "images.safetensors"] as const;

async function missingFile(path: string): Promise<string> {
  for (const name of files) {
    const found = await Deno.stat(join(path, name)).catch(() => undefined);
    if (found === undefined) return `there is no ${name}`;
  }
  return "a file of it is gone";
}

async function readFolder(path: string): Promise<DatasetFolder> {
  const [card, lines, pictures] = files.map((name) => join(path, name)) as [string, string, string];
  const info = readCard(await Deno.readTextFile(card));
  const rows = readRows(await Deno.readTextFile(lines), info);
  const images = decodeSafetensors(await Deno.readFile(pictures)).tensors.images;
  const [count, channels, height, width] = images?.dims ?? [];
  const fits = images?.dtype === "uint8" && images.dims.length === 4 && count === rows.length &&
    channels === 3 && height! > 0 && width! > 0;
  if (!fits) {
    throw new DatasetError(
      `${rows.length} rows need a tensor "images" uint8 [${rows.length}, 3, height, width], found ${
        images ? `${images.dtype} [${images.dims.join(", ")}]` : "none"
      }`,
    );
  }
  checkCard(info, { rows: rows.length, height: height!, width: width! });
  return { info, rows, images: images.data as Uint8Array, height: height!, width: width! };
}

/** A card that says something else is of another split, or of one that was cut off. */
function checkCard(card: Card, found: Readonly<Record<"rows" | "height" | "width", number>>): void {
  for (const name of ["rows", "height", "width"] as const) {
    const said = card[name];
    if (said === undefined || said === found[name]) continue;
    throw new DatasetError(`dataset.json says ${name} ${said}, there are ${found[name]}`);
  }
}
