/** The dataset artifact: a folder with `dataset.json`, `rows.jsonl` and its images. @module */
import { isThere } from "./is_there.ts";
import { join } from "@std/path";
import {
  encodeSafetensors,
  safetensorsHeaderBytes,
  safetensorsPlaces,
} from "../tensor/safetensors.ts";
import { tensor } from "../tensor/tensor.ts";
import type { Images } from "../vision/images.ts";
import type { ImageSize } from "../vision/resize.ts";
import { readRange } from "./data_root.ts";
import type { DatasetInfo, Row, Split } from "./dataset.ts";
import { type Card, DatasetError, readCard, readRows } from "./dataset_schema.ts";
import {
  encodedImages,
  type ImageSettings,
  indexFile,
  planeImages,
  planesFile,
  readPlaces,
} from "./image_files.ts";

/** A split read back, with what is known of its data set; its images are read when they are asked for. */
export class DatasetFolder {
  readonly info: Card;
  readonly rows: readonly Row[];
  readonly images: Images;
  /** Size of every image, where it is one. */
  readonly height: number | undefined;
  readonly width: number | undefined;
  readonly #all: () => Uint8Array;

  /** @param all Reads all images. */
  constructor(
    { info, rows, images, size }: {
      readonly info: Card;
      readonly rows: readonly Row[];
      readonly images: Images;
      readonly size?: ImageSize;
    },
    all: () => Uint8Array,
  ) {
    [this.info, this.rows, this.images, this.#all] = [info, rows, images, all];
    [this.height, this.width] = [size?.height, size?.width];
  }

  /**
   * All images at once, u8 [rows, 3, height, width]: for small sets.
   *
   * @throws {TypeError} If they are not pixels of one size.
   */
  get pixels(): Uint8Array {
    return this.#all();
  }
}

/** Writes a split whose images are in memory; equal splits give equal bytes. */
export async function writeDatasetFolder(
  path: string,
  info: DatasetInfo,
  split: Split,
): Promise<void> {
  const { rows, images, height, width, notes } = split;
  await writeRows(path, { ...info, height, width }, rows, notes);
  const planes = tensor("uint8", [rows.length, 3, height, width], images);
  await Deno.writeFile(join(path, planesFile), encodeSafetensors({ images: planes }));
}

/** Writes the card and the rows of a split. */
export async function writeRows(
  path: string,
  { height, width, ...info }: DatasetInfo & Partial<ImageSize>,
  rows: readonly Row[],
  notes: readonly string[] = [],
): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  const size = height === undefined ? {} : { height, width };
  const card = { ...info, rows: rows.length, ...size, notes };
  await Deno.writeTextFile(join(path, "dataset.json"), JSON.stringify(card, null, 2) + "\n");
  await Deno.writeTextFile(
    join(path, "rows.jsonl"),
    rows.map((row) => JSON.stringify(row) + "\n").join(""),
  );
}

/**
 * Reads all of what {@linkcode writeDatasetFolder} wrote, images too: for small sets.
 *
 * @returns Images as u8 [rows, 3, height, width].
 * @throws {DatasetError} As {@linkcode openDatasetFolder}.
 * @throws {TypeError} If the images are not pixels of one size.
 */
export async function readDatasetFolder(
  path: string,
): Promise<Omit<Split, "notes"> & { info: Card }> {
  const { info, rows, pixels, height, width } = await openDatasetFolder(path);
  return { info, rows, images: pixels, height: height!, width: width! };
}

/**
 * Opens what was written here, or by another program. Images are read when they are asked for.
 *
 * @throws {DatasetError} If a file is missing or damaged, or rows and images do not belong together.
 */
export async function openDatasetFolder(path: string): Promise<DatasetFolder> {
  try {
    return await readFolder(path);
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound
      ? missingFile(path)
      : cause instanceof SyntaxError
      ? cause.message
      : undefined;
    if (reason === undefined) throw cause;
    throw new DatasetError(`Cannot read data set "${path}": ${reason}`, { cause });
  }
}

/**
 * The images of a data set alone: its rows are not read.
 *
 * @throws {SyntaxError} As {@linkcode openDatasetFolder}, of what is read.
 */
export async function openImages(path: string): Promise<Images> {
  if (!isThere(join(path, indexFile))) return (await openDatasetFolder(path)).images;
  const card = readCard(await Deno.readTextFile(join(path, "dataset.json")));
  return encodedImages(path, readPlaces(path), settingsIn(card));
}

function settingsIn({ fit = "resize", side }: Card): ImageSettings {
  return { fit, ...(side === undefined ? {} : { side }) };
}

function missingFile(path: string): string {
  for (const name of ["dataset.json", "rows.jsonl"]) {
    if (!isThere(join(path, name))) return `there is no ${name}`;
  }
  return `there is no ${planesFile}, and no ${indexFile}`;
}

async function readFolder(path: string): Promise<DatasetFolder> {
  const info = readCard(await Deno.readTextFile(join(path, "dataset.json")));
  const rows = readRows(await Deno.readTextFile(join(path, "rows.jsonl")), info);
  const settings = settingsIn(info);
  return isThere(join(path, indexFile))
    ? encodedFolder(path, { info, rows, settings })
    : planesFolder(path, { info, rows, settings });
}

interface Parts {
  readonly info: Card;
  readonly rows: readonly Row[];
  readonly settings: ImageSettings;
}

function encodedFolder(path: string, { info, rows, settings }: Parts): DatasetFolder {
  const places = readPlaces(path);
  if (places.length !== rows.length) {
    throw new DatasetError(
      `${rows.length} rows need as many lines in ${indexFile}, but it has ${places.length}`,
    );
  }
  checkCard(info, { rows: rows.length });
  const images = encodedImages(path, places, settings);
  return new DatasetFolder({ info, rows, images }, () => {
    throw new TypeError("Cannot read all images at once: they are encoded");
  });
}

/** The header is read, not the pixels. */
function planesFolder(path: string, { info, rows, settings }: Parts): DatasetFolder {
  const file = join(path, planesFile);
  const fileBytes = Deno.statSync(file).size;
  const head = readRange(
    file,
    0,
    Math.min(
      fileBytes,
      safetensorsHeaderBytes(readRange(file, 0, Math.min(8, fileBytes)), fileBytes),
    ),
  );
  const planes = safetensorsPlaces(head, fileBytes).get("images");
  const [count, channels, height = 0, width = 0] = planes?.dims ?? [];
  const fits = planes?.dtype === "uint8" && planes.dims.length === 4 && count === rows.length &&
    channels === 3 && height > 0 && width > 0;
  if (!fits) {
    throw new DatasetError(
      `${rows.length} rows need a tensor "images" uint8 [${rows.length}, 3, height, width], found ${
        planes ? `${planes.dtype} [${planes.dims.join(", ")}]` : "none"
      }`,
    );
  }
  checkCard(info, { rows: rows.length, height, width });
  const { start, bytes } = planes;
  const size = { height, width };
  const images = planeImages(file, { ...settings, start, size });
  return new DatasetFolder({ info, rows, images, size }, () => readRange(file, start, bytes));
}

/** A card that says something else is of another split, or of one that was cut off. */
function checkCard(
  card: Card,
  found: Readonly<Partial<Record<"rows" | "height" | "width", number>>>,
): void {
  for (const name of ["rows", "height", "width"] as const) {
    const said = card[name];
    if (said === undefined || found[name] === undefined || said === found[name]) continue;
    throw new DatasetError(`dataset.json says ${name} ${said}, but there are ${found[name]}`);
  }
}
