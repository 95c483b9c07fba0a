/**
 * Inspects a data set: counts, sizes, broken images, and images that are in two splits.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { decodeImage } from "../vision/decode_image.ts";
import { likeness, type Look, lookOf, mirrored } from "../vision/likeness.ts";
import type { RgbImage } from "../vision/images.ts";
import { unitPlanes } from "../vision/resize.ts";
import type { SplitName } from "./dataset.ts";
import { type StoredImage, undecodable } from "./listing.ts";
import type { PreparedData } from "./load_data.ts";
import type { MadeRow } from "./make_rows.ts";

/** A report on a data set. */
export interface DataReport {
  readonly name: string;
  readonly kind: string;
  readonly licence: string;
  readonly source: string;
  readonly notes: readonly string[];
  readonly splits: Readonly<Record<SplitName, SplitReport>>;
  /** Images that cannot be read. */
  readonly broken: readonly { readonly where: string; readonly cause: string }[];
  /** Images of two splits that are the same, byte by byte, or look alike. */
  readonly duplicates: readonly Duplicate[];
}

/** A split: rows, rows of each class, and the range of its images' sizes in pixels. */
export interface SplitReport {
  readonly rows: number;
  readonly classes: Readonly<Record<string, number>>;
  readonly width: readonly [least: number, most: number];
  readonly height: readonly [least: number, most: number];
}

/** Two images of different splits. */
export interface Duplicate {
  readonly a: string;
  readonly b: string;
  readonly kind: "same" | "alike";
}

/** Likeness of recoloured, mirrored or resized copies. */
const alike = 0.98;

/** Bits of two perceptual hashes that may differ before images are compared at all. */
const maxBits = 10;

/** What is kept of an image. */
interface Seen {
  readonly where: string;
  readonly digest: string;
  readonly look: Look;
  readonly hash: Hash;
  readonly mirrorHash: Hash;
}

type Hash = readonly [number, number];

/** Reads every image once. */
export async function inspectData(
  data: PreparedData,
  onProgress?: (done: number, total: number) => void,
): Promise<DataReport> {
  const broken: { where: string; cause: string }[] = [];
  const seen: Record<SplitName, Seen[]> = { train: [], validation: [], test: [] };
  const reports: Partial<Record<SplitName, SplitReport>> = {};
  const total = Object.values(data.splits).reduce((sum, rows) => sum + rows.length, 0);
  let done = 0;
  for (const split of ["train", "validation", "test"] as const) {
    const rows = data.splits[split];
    const sizes = { width: [Infinity, 0], height: [Infinity, 0] } as Record<
      "width" | "height",
      [number, number]
    >;
    let next = 0;
    for await (const stored of data.listing.images(rows.map(({ place }) => place))) {
      const { where } = rows[next++]!;
      const image = await imageOf(stored);
      onProgress?.(++done, total);
      if (typeof image === "string") {
        broken.push({ where, cause: image });
        continue;
      }
      for (const side of ["width", "height"] as const) {
        const [least, most] = sizes[side];
        sizes[side] = [Math.min(least, image[side]), Math.max(most, image[side])];
      }
      seen[split].push(seenOf(where, stored, image));
    }
    reports[split] = { rows: rows.length, classes: classesOf(rows, data), ...sizes };
  }
  const { name, kind, licence, source } = data.info;
  return {
    ...{ name, kind, licence, source, notes: data.notes },
    splits: reports as Record<SplitName, SplitReport>,
    broken,
    duplicates: [
      ...duplicatesOf(seen.train, seen.validation),
      ...duplicatesOf(seen.train, seen.test),
      ...duplicatesOf(seen.validation, seen.test),
    ],
  };
}

/** The image, or why there is none. */
export async function imageOf(stored: StoredImage): Promise<RgbImage | string> {
  if ("missing" in stored) return stored.missing;
  if ("planes" in stored) return { ...stored, data: stored.planes };
  try {
    const { data, dims: [, height, width] } = await decodeImage(stored.encoded);
    return { data, height: height!, width: width! };
  } catch (error) {
    return undecodable(stored, error);
  }
}

function classesOf(rows: readonly MadeRow[], { info }: PreparedData): Record<string, number> {
  const counts = new Map((info.classes ?? []).map((name) => [name, 0]));
  for (const { answer } of rows) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const known = [...counts].sort(([, a], [, b]) => info.classes === undefined ? b - a : 0);
  return Object.fromEntries(known.slice(0, 200));
}

function seenOf(where: string, stored: StoredImage, { data, height, width }: RgbImage): Seen {
  const bytes = "encoded" in stored ? stored.encoded : data;
  const look = lookOf(unitPlanes(data), { height, width });
  return {
    where,
    digest: createHash("sha256").update(bytes).digest("hex"),
    look,
    hash: hashOf(look),
    mirrorHash: hashOf(mirrored(look)),
  };
}

/** The cells, of 8 by 8, in which the image's green is above its mean. */
function hashOf({ planes }: Look): Hash {
  const plane = planes[1] ?? planes[0]!;
  const side = Math.sqrt(plane.length);
  const bits: [number, number] = [0, 0];
  for (let cell = 0; cell < 64; cell++) {
    const at = 2 * Math.floor(cell / 8) * side + 2 * (cell % 8);
    const sum = plane[at]! + plane[at + 1]! + plane[at + side]! + plane[at + side + 1]!;
    if (sum > 0) bits[cell >> 5]! |= 1 << (cell & 31);
  }
  return bits;
}

function bitsApart([a, b]: Hash, [c, d]: Hash): number {
  return ones(a ^ c) + ones(b ^ d);
}

function ones(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function duplicatesOf(a: readonly Seen[], b: readonly Seen[]): Duplicate[] {
  const found: Duplicate[] = [];
  const byDigest = new Map(b.map((seen) => [seen.digest, seen]));
  for (const one of a) {
    const same = byDigest.get(one.digest);
    if (same !== undefined) found.push({ a: one.where, b: same.where, kind: "same" });
    for (const other of b) {
      const near = bitsApart(one.hash, other.hash) <= maxBits ||
        bitsApart(one.hash, other.mirrorHash) <= maxBits;
      if (!near || other === same || likeness(one.look, other.look) < alike) continue;
      found.push({ a: one.where, b: other.where, kind: "alike" });
    }
  }
  return found;
}
