/** Recognises image formats by the first bytes of a file. @module */
import { standIn } from "../diagnostic/stand_in.ts";
import { colourMistake } from "./tiff_colours.ts";

/** A format that is read. */
export interface ImageFormat {
  readonly title: string;
  matches(bytes: Uint8Array): boolean;
  /** Why a file of the format cannot be read, where its first bytes say so. */
  mistake?(bytes: Uint8Array): string | undefined;
}

const textAt = (bytes: Uint8Array, start: number, end: number) =>
  String.fromCharCode(...bytes.subarray(start, end));
const startsWith = (text: string) => (bytes: Uint8Array) => textAt(bytes, 0, text.length) === text;

/**
 * Brands of a file of ISO's media format (ISO/IEC 14496-12): what it says first that it is, and what
 * else it is. Telephones write HEIC files that call themselves `mif1` first, and `heic` later.
 */
function brandsOf(bytes: Uint8Array): string[] {
  if (textAt(bytes, 4, 8) !== "ftyp") return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = Math.min(view.getUint32(0), bytes.length, 256);
  const brands = [textAt(bytes, 8, 12)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(textAt(bytes, at, at + 4));
  return brands;
}

const isAvif = (bytes: Uint8Array) => brandsOf(bytes).some((brand) => /^avi[fs]$/.test(brand));
const isHeic = (bytes: Uint8Array) => brandsOf(bytes).some((brand) => /^he[iv][a-z]$/.test(brand));

/**
 * Formats of pixels. SVG is not among them: it is a program that draws, and may draw for hours.
 */
const imageFormats = {
  png: { title: "PNG", matches: startsWith("\x89PNG\r\n\x1a\n") },
  jpeg: { title: "JPEG", matches: startsWith("\xff\xd8\xff") },
  webp: {
    title: "WebP",
    matches: (bytes) => startsWith("RIFF")(bytes) && textAt(bytes, 8, 12) === "WEBP",
  },
  gif: { title: "GIF", matches: (bytes) => /^GIF8[79]a$/.test(textAt(bytes, 0, 6)) },
  avif: { title: "AVIF", matches: isAvif },
  tiff: {
    title: "TIFF",
    matches: (bytes) => /^(?:II[*+]\0|MM\0[*+])$/.test(textAt(bytes, 0, 4)),
    mistake: colourMistake,
  },
} satisfies Record<string, ImageFormat>;

/** The format of a file; `undefined` if files of its kind are not read. */
export function formatOf(bytes: Uint8Array): ImageFormat | undefined {
  const formats: readonly ImageFormat[] = Object.values(imageFormats);
  return formats.find(({ matches }) => matches(bytes));
}

/** What files that are taken for images turn out to be, if they are no stand-ins. */
const strangers: readonly (readonly [pattern: RegExp, title: string])[] = [
  [/<svg[\s>]/i, "an SVG drawing, which has no pixels; convert it to PNG"],
  [/^%PDF/, "a PDF"],
  [/^BM/, "a BMP image; convert it to PNG"],
  [/^P[1-6]\s/, "a PPM image; convert it to PNG"],
  [/^(?:\xff\n|[^]{4}JXL )/, "a JPEG XL image; convert it to JPEG or PNG"],
  [/^(?:[^]{4}jP {2}|\xffO\xffQ)/, "a JPEG 2000 image; convert it to PNG"],
  [/^8BPS/, "a Photoshop file; export it as PNG"],
];

/** What comes in place of files, if it is known: a web page, a pointer of Git LFS. */
export function strangerIn(bytes: Uint8Array): string | undefined {
  const start = textAt(bytes, 0, 1024);
  return standIn(start) ?? strangers.find(([pattern]) => pattern.test(start))?.[1];
}

/** In words what a file is that is not an image. */
export function strangerTitle(bytes: Uint8Array): string {
  if (isHeic(bytes)) return "a HEIC image; convert it to JPEG or PNG";
  const found = strangerIn(bytes);
  const known = Object.values(imageFormats).map(({ title }) => title).join(", ");
  return found === undefined ? `not an image: ${known} can be read` : found;
}
