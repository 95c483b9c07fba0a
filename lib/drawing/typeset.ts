/** The ten digits in the faces of typefaces, as masks. @module */
import { basename, join } from "@std/path";
import { type ArtPackageName, artPackages } from "./art_packages.ts";
import { defaultDownloads, type DownloadOptions, openArtPackage } from "./fetch_art.ts";

/** Edge of a mask in pixels. */
export const maskSize = 64;

/** Masks of the digits, face by face, ten a face. */
export interface Typeset {
  readonly faces: number;
  /** `faces * 10 * maskSize²` bytes. */
  readonly masks: Uint8Array;
}

/** Kinds of typefaces, and their packages. */
export const typefaces = {
  /** Every face of DejaVu but the mathematical one. */
  print: ["dejavu"],
  /** Drawn after handwriting. */
  hand: [
    ...["caveat", "gloria-hallelujah", "gochi-hand", "indie-flower", "kalam", "marck-script"],
    ...["patrick-hand", "permanent-marker", "reenie-beanie", "schoolbell", "shadows-into-light"],
  ] as ArtPackageName[],
} as const satisfies Readonly<Record<string, readonly ArtPackageName[]>>;

/** A kind of typefaces. */
export type TypefaceKind = keyof typeof typefaces;

/** The digits of kinds of typefaces, rendered on first use and then kept beside the downloads. */
export async function loadTypeset(
  options: DownloadOptions & { readonly kinds?: readonly TypefaceKind[] } = {},
): Promise<Typeset> {
  const { kinds = ["print"], ...downloads } = options;
  const parts: Uint8Array[] = [];
  for (const name of kinds.flatMap((kind): readonly ArtPackageName[] => typefaces[kind])) {
    parts.push(await loadFaces(name, downloads));
  }
  const masks = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    masks.set(part, at);
    at += part.length;
  }
  return { faces: masks.length / (10 * maskSize ** 2), masks };
}

/** The digits in the faces of a package. */
async function loadFaces(name: ArtPackageName, options: DownloadOptions): Promise<Uint8Array> {
  const { version, files } = artPackages[name];
  const path = join(options.downloads ?? defaultDownloads, "art", `${name}-${version}.mask`);
  const length = files.length * 10 * maskSize ** 2;
  const kept = await Deno.readFile(path).catch(() => undefined);
  if (kept?.length === length) return kept;
  const folder = await openArtPackage(name, options);
  const masks = new Uint8Array(length);
  for (const [face, file] of files.entries()) {
    for (let digit = 0; digit < 10; digit++) {
      const mask = await renderGlyph(String(digit), join(folder, file));
      masks.set(mask, (face * 10 + digit) * maskSize ** 2);
    }
  }
  await Deno.mkdir(join(path, ".."), { recursive: true });
  await Deno.writeFile(path, masks);
  return masks;
}

/**
 * How Pango names a face: `DejaVuSans-BoldOblique.ttf` → `DejaVu Sans Bold Oblique 64`,
 * `PatrickHand_400Regular.ttf` → `Patrick Hand 64`.
 */
export function fontOf(path: string): string {
  const words = basename(path, ".ttf").replace("_400Regular", "").replace("-", "")
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2");
  return `${words.replace("Deja Vu", "DejaVu").replace("Extra Light", "ExtraLight")} ${maskSize}`;
}

/** A character in white on black, centred by its ink; what does not fit is made smaller. */
async function renderGlyph(character: string, fontfile: string): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  const { data, info } = await sharp({
    text: { text: character, font: fontOf(fontfile), fontfile, dpi: 72 },
  })
    .resize({ width: maskSize, height: maskSize, fit: "inside", withoutEnlargement: true })
    .raw().toBuffer({ resolveWithObject: true });
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
