/**
 * The images of a data set's folder: `images.safetensors`, where all are pixels of one size, or
 * shards of encoded files, `pictures-00000.bin`, with `pictures.jsonl`, which says where each lies.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { z } from "zod";
import { issueText } from "../diagnostic/schema_issue.ts";
import { decodeImage, measureImage } from "../vision/decode_image.ts";
import { fitted } from "../vision/fit.ts";
import type { Fit } from "../vision/fits.ts";
import { type Images, type RgbImage, sideOf } from "../vision/images.ts";
import { type ImageSize, resizeBytes } from "../vision/resize.ts";
import { dataFailure } from "./data_failure.ts";
import { readRange } from "./data_root.ts";
import { type EncodedImage, type PlaneImage, type StoredImage, undecodable } from "./listing.ts";
import { boundedJson } from "../trust/bounded_json.ts";

/** A file of pixels, and the one that says where encoded images lie. */
export const planesFile = "images.safetensors";
export const indexFile = "pictures.jsonl";

/** Bytes of a shard. */
const shardBytes = 256 * 2 ** 20;

/** Bytes in front of the pixels: enough for any number of rows. */
const headerBytes = 256;

/** What became of images that were to be written. */
export interface WrittenImages {
  /** Which of them were kept, in order. */
  readonly kept: readonly number[];
  /** What was wrong with the others: the place of each, and the cause. */
  readonly broken: ReadonlyMap<number, string>;
  /** Places of images that are, byte by byte, among those `seen`. */
  readonly repeated: readonly number[];
  /** Size of all, where it is one. */
  readonly size?: ImageSize;
}

/** Squares that images are brought to when they are written. */
export interface Squares {
  readonly side: number;
  readonly fit: Fit;
}

/** How images are written. */
export interface ImageWriting {
  /** SHA-256 digests of images that must not be there; those written are added. */
  readonly seen: Set<string>;
  /** Absent: as they come. */
  readonly squares?: Squares;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

/** An image that was looked at. */
interface Checked extends ImageSize {
  readonly stored: StoredImage;
  readonly digest: string;
  readonly mistake?: string;
}

/** How many images are decoded at once, to see whether they can be. */
const decodedAtOnce = 8;

/**
 * Writes images in order, each decoded once: what is damaged, or was seen before, is left out.
 *
 * @throws {DiagnosticError} If pixels are of several sizes.
 */
export async function writeImages(
  folder: string,
  images: AsyncIterable<StoredImage>,
  { seen, squares, signal, onProgress }: ImageWriting,
): Promise<WrittenImages> {
  await using sink = new ImageSink(folder);
  const kept: number[] = [];
  const repeated: number[] = [];
  const broken = new Map<number, string>();
  const own = new Set<string>();
  let place = 0;
  for await (const image of checkedAhead(images, squares)) {
    signal?.throwIfAborted();
    const here = place++;
    if (image.mistake !== undefined) broken.set(here, image.mistake);
    else if (seen.has(image.digest)) repeated.push(here);
    else {
      sink.add(image);
      own.add(image.digest);
      kept.push(here);
    }
    onProgress?.(place);
  }
  for (const digest of own) seen.add(digest);
  return { kept, broken, repeated, ...sink.finish() };
}

async function* checkedAhead(
  images: AsyncIterable<StoredImage>,
  squares: Squares | undefined,
): AsyncGenerator<Checked> {
  const pending: Promise<Checked>[] = [];
  for await (const image of images) {
    pending.push(check(image, squares));
    if (pending.length >= decodedAtOnce) yield await pending.shift()!;
  }
  for (const last of pending) yield await last;
}

async function check(stored: StoredImage, squares: Squares | undefined): Promise<Checked> {
  if ("missing" in stored) {
    return { stored, digest: "", height: 0, width: 0, mistake: stored.missing };
  }
  const bytes = "encoded" in stored ? stored.encoded : stored.planes;
  const digest = createHash("sha256").update(bytes).digest("hex");
  try {
    if (squares !== undefined) {
      const square = squareOf(await pixelsOf(stored), squares);
      return { stored: square, digest, height: square.height, width: square.width };
    }
    const { height, width } = "planes" in stored ? stored : await measureImage(stored.encoded);
    return { stored, digest, height, width };
  } catch (error) {
    return { stored, digest, height: 0, width: 0, mistake: undecodable(stored, error) };
  }
}

async function pixelsOf(stored: EncodedImage | PlaneImage): Promise<PlaneImage> {
  if ("planes" in stored) return stored;
  const { data, dims: [, height, width] } = await decodeImage(stored.encoded);
  return { planes: data, height: height!, width: width! };
}

/** An image as a square, resized as Pillow does it. */
function squareOf({ planes, ...size }: PlaneImage, { side, fit }: Squares): PlaneImage {
  const to = { height: side, width: side };
  const { data, ...from } = fitted({ data: planes, ...size }, fit);
  return { planes: resizeBytes(data, { from, to }), ...to };
}

/** Where written images go. */
class ImageSink implements AsyncDisposable {
  readonly #folder: string;
  #file: Deno.FsFile | undefined;
  #shard = -1;
  #offset = 0;
  #count = 0;
  #planes: ImageSize | undefined;
  #size: ImageSize | undefined;
  #isOneSize = true;
  readonly #index: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  add({ stored, height, width }: Checked): void {
    const size = this.#size ??= { height, width };
    if (size.height !== height || size.width !== width) this.#isOneSize = false;
    this.#count++;
    if ("encoded" in stored) this.#addEncoded(stored.encoded, { height, width });
    else if ("planes" in stored) this.#addPlanes(stored.planes, { height, width });
  }

  #addEncoded(bytes: Uint8Array, { height, width }: ImageSize): void {
    if (this.#file === undefined || this.#offset + bytes.length > shardBytes) this.#nextShard();
    writeAll(this.#file!, bytes);
    const shard = shardName(this.#shard);
    this.#index.push(
      JSON.stringify({ shard, offset: this.#offset, bytes: bytes.length, height, width }) + "\n",
    );
    this.#offset += bytes.length;
  }

  #nextShard(): void {
    this.#file?.close();
    this.#file = Deno.openSync(join(this.#folder, shardName(++this.#shard)), {
      write: true,
      createNew: true,
    });
    this.#offset = 0;
  }

  #addPlanes(planes: Uint8Array, size: ImageSize): void {
    if (!this.#isOneSize) {
      throw new RangeError("Cannot write pixels of several sizes as one tensor");
    }
    if (this.#file === undefined) {
      this.#file = Deno.openSync(join(this.#folder, planesFile), { write: true, createNew: true });
      writeAll(this.#file, new Uint8Array(headerBytes));
      this.#planes = size;
    }
    writeAll(this.#file, planes);
  }

  /** Ends the files. */
  finish(): { size?: ImageSize } {
    if (this.#planes !== undefined) this.#writeHeader(this.#planes);
    else Deno.writeTextFileSync(join(this.#folder, indexFile), this.#index.join(""));
    return this.#isOneSize && this.#size !== undefined ? { size: this.#size } : {};
  }

  /** The header of a safetensors file, filled up with blanks. */
  #writeHeader({ height, width }: ImageSize): void {
    const shape = [this.#count, 3, height, width];
    const end = shape.reduce((product, dim) => product * dim, 1);
    const json = JSON.stringify({ images: { dtype: "U8", shape, data_offsets: [0, end] } });
    const header = new Uint8Array(headerBytes).fill(0x20);
    new DataView(header.buffer).setBigUint64(0, BigInt(headerBytes - 8), true);
    header.set(new TextEncoder().encode(json), 8);
    this.#file!.seekSync(0, Deno.SeekMode.Start);
    writeAll(this.#file!, header);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#file?.close();
    return Promise.resolve();
  }
}

const shardName = (shard: number) => `pictures-${String(shard).padStart(5, "0")}.bin`;

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

const count = z.int({ error: "a whole number from 0" }).min(0, { error: "a whole number from 0" });
const side = z.int({ error: "a number of pixels" }).min(1, { error: "a number of pixels" });

/** A line of `pictures.jsonl`. */
const placeSchema = z.looseObject({
  shard: z.string({ error: "the name of a file" })
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: "the name of a file in the folder" }),
  offset: count,
  bytes: count,
  height: side,
  width: side,
}, { error: "a map" });

/** Where an encoded image lies, and its size. */
export type ImagePlace = z.output<typeof placeSchema>;

/**
 * Reads `pictures.jsonl`.
 *
 * @throws {SyntaxError} With the line that is wrong, or leads out of its shard.
 */
export function readPlaces(folder: string): ImagePlace[] {
  const sizes = new Map<string, number | undefined>();
  const lines = Deno.readTextFileSync(join(folder, indexFile)).trimEnd().split("\n");
  return lines.map((line, i) => {
    const where = `${indexFile} line ${i + 1}`;
    const value = parsed(line, where);
    const result = placeSchema.safeParse(value);
    if (!result.success) {
      throw new SyntaxError(`${where}: ${issueText(result.error.issues, value)}`);
    }
    const { shard, offset, bytes } = result.data;
    if (!sizes.has(shard)) sizes.set(shard, sizeOf(join(folder, shard)));
    const size = sizes.get(shard);
    if (size === undefined) throw new SyntaxError(`${where}: there is no file "${shard}"`);
    if (offset + bytes > size) {
      throw new SyntaxError(
        `${where}: its image ends at ${offset + bytes}, "${shard}" at ${size}`,
      );
    }
    return result.data;
  });
}

function parsed(line: string, where: string): unknown {
  try {
    return boundedJson(line);
  } catch {
    throw new SyntaxError(`${where} is not JSON`);
  }
}

function sizeOf(path: string): number | undefined {
  try {
    const { isFile, size } = Deno.lstatSync(path);
    return isFile ? size : undefined;
  } catch {
    return undefined;
  }
}

/** Facts about images that are stored beside them. */
export interface ImageSettings {
  readonly fit: Fit;
  readonly side?: number;
}

/** Encoded images of a folder. */
export function encodedImages(
  folder: string,
  places: readonly ImagePlace[],
  { fit, side }: ImageSettings,
): Images {
  return {
    fit,
    folder,
    side: side ?? sideOf(places),
    async read(row): Promise<RgbImage> {
      const { shard, offset, bytes, ...size } = places[row]!;
      const file = readRange(join(folder, shard), offset, bytes);
      const where = `image ${row} of the data set`;
      try {
        const { data, dims: [, height = 0, width = 0] } = await decodeImage(file);
        if (height === size.height && width === size.width) return { data, height, width };
        const told = `${indexFile} line ${row + 1} says ${size.width}×${size.height} pixels`;
        throw dataFailure(where, `${told}, but it has ${width}×${height}`);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        throw dataFailure(where, error.message);
      }
    },
  };
}

/** Pixels of a folder, all of one size; `start` is where they begin. */
export function planeImages(
  path: string,
  { start, size, fit, side }: ImageSettings & {
    readonly start: number;
    readonly size: ImageSize;
  },
): Images {
  const bytes = 3 * size.height * size.width;
  return {
    fit,
    side: side ?? sideOf([size]),
    read: (row) => Promise.resolve({ data: readRange(path, start + row * bytes, bytes), ...size }),
  };
}
