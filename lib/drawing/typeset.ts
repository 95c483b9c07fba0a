/** The ten digits in every face of DejaVu, as masks. @module */
import { basename, join } from "@std/path";
import {
  artPackages,
  defaultDownloads,
  type DownloadOptions,
  openArtPackage,
} from "./art_packages.ts";

/** Edge of a mask in pixels. */
export const maskSize = 64;

/** Masks of the digits, face by face, ten a face. */
export interface Typeset {
  readonly faces: number;
  /** `faces * 10 * maskSize²` bytes. */
  readonly masks: Uint8Array;
}

/** The digits, rendered on first use and then kept beside the downloads. */
export async function loadTypeset(options: DownloadOptions = {}): Promise<Typeset> {
  const { version, files } = artPackages.dejavu;
  const path = join(options.downloads ?? defaultDownloads, "art", `dejavu-${version}.mask`);
  const length = files.length * 10 * maskSize ** 2;
  const kept = await Deno.readFile(path).catch(() => undefined);
  if (kept?.length === length) return { faces: files.length, masks: kept };
  const folder = await openArtPackage("dejavu", options);
  const masks = new Uint8Array(length);
  for (const [face, file] of files.entries()) {
    for (let digit = 0; digit < 10; digit++) {
      const mask = await renderGlyph(String(digit), join(folder, file));
      masks.set(mask, (face * 10 + digit) * maskSize ** 2);
    }
  }
  await Deno.mkdir(join(path, ".."), { recursive: true });
  await Deno.writeFile(path, masks);
  return { faces: files.length, masks };
}

/** How Pango names a face: `DejaVuSans-BoldOblique.ttf` → `DejaVu Sans Bold Oblique 64`. */
export function fontOf(path: string): string {
  const words = basename(path, ".ttf").replace("-", "").replaceAll(/([a-z])([A-Z])/g, "$1 $2");
  return `${words.replace("Deja Vu", "DejaVu").replace("Extra Light", "ExtraLight")} ${maskSize}`;
}

/** A character in white on black, centred by its ink. */
async function renderGlyph(character: string, fontfile: string): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  const { data, info } = await sharp({
    text: { text: character, font: fontOf(fontfile), fontfile, dpi: 72 },
  }).raw().toBuffer({ resolveWithObject: true });
  const mask = new Uint8Array(maskSize ** 2);
  const top = Math.floor((maskSize - info.height) / 2);
  const left = Math.floor((maskSize - info.width) / 2);
  for (let y = 0; y < info.height; y++) {
    for (let x = 0; x < info.width; x++) {
      const at = (top + y) * maskSize + left + x;
      mask[at] = data[(y * info.width + x) * info.channels] ?? 0;
    }
  }
  return mask;
}
