import { assertEquals } from "@std/assert";
import { formatOf, strangerTitle } from "../../lib/vision/image_formats.ts";

/** A file that begins with a box of ISO's media format. */
function media(size: number, ...brands: string[]): Uint8Array {
  const [major, ...compatible] = brands;
  const text = new TextEncoder().encode(`....ftyp${major}\0\0\0\0${compatible.join("")}`);
  new DataView(text.buffer).setUint32(0, size);
  return text;
}

const HEIC = "a HEIC image; convert it to JPEG or PNG";
const NONE = "not an image: PNG, JPEG, WebP, GIF, AVIF, TIFF can be read";

const files: readonly (readonly [string, Uint8Array, string])[] = [
  ["AVIF", media(28, "avif", "mif1", "miaf"), "AVIF"],
  ["a sequence of AVIF", media(24, "avis", "msf1"), "AVIF"],
  ["AVIF that calls itself an image of media first", media(24, "mif1", "avif"), "AVIF"],
  ["HEIC", media(24, "heic", "mif1"), HEIC],
  ["HEIC of a telephone, which calls itself mif1 first", media(24, "mif1", "heic"), HEIC],
  ["a sequence of HEIC", media(20, "hevc"), HEIC],
  ["a video", media(24, "isom", "mp42"), NONE],
  ["brands behind the box", media(16, "mif1", "avif"), NONE],
  ["a box that is larger than the file", media(4_000_000_000, "mif1", "heic"), HEIC],
  ["a box that is cut off", media(24, "mif1").subarray(0, 14), NONE],
  ["an empty file", new Uint8Array(), NONE],
];

for (const [name, bytes, expected] of files) {
  Deno.test(`formatOf() and strangerTitle() know ${name}`, () => {
    assertEquals(formatOf(bytes)?.title ?? strangerTitle(bytes), expected);
  });
}
