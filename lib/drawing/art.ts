/**
 * Drawings of named concepts in several art styles: looks icons up in the icon packages, renders
 * them to RGBA pixels, and keeps the pixels, one file per style.
 *
 * @module
 */
import { join } from "@std/path";
import { artPackages } from "./art_packages.ts";
import { defaultDownloads, type DownloadOptions, readArtJson } from "./fetch_art.ts";

/** Edge of a drawing in pixels. */
export const artSize = 64;

/** Bytes of one drawing, RGBA, colours not multiplied by alpha. */
export const artBytes = artSize * artSize * 4;

/** An art style. The first five may train models; the others are for downstream tasks alone. */
export type ArtStyle =
  | "noto"
  | "twemoji"
  | "fluent-emoji-flat"
  | "noto-v1"
  | "fluent-emoji-high-contrast"
  | "fluent-emoji"
  | "emojione"
  | "emojione-v1"
  | "openmoji"
  | "fxemoji";

/** Styles that may train the zoo. */
export const zooStyles = [
  "noto",
  "twemoji",
  "fluent-emoji-flat",
  "noto-v1",
  "fluent-emoji-high-contrast",
] as const satisfies ArtStyle[];

/** A style that trains the zoo. */
export type ZooStyle = typeof zooStyles[number];

/** What to draw: the Unicode name of an emoji, and its code points where they are known. */
export interface Subject {
  readonly label: string;
  /** Such as `1F408-200D-2B1B`; without it a drawing is found by its name alone. */
  readonly hexcode?: string;
}

/** The drawings of a list of subjects in one style, in the order of the list. */
export interface Artwork {
  readonly style: ArtStyle;
  /** Whether the style has a drawing of the subject. */
  readonly drawn: readonly boolean[];
  /** `artBytes` for every subject, zero where there is no drawing. */
  readonly pixels: Uint8Array;
}

/** What an icon package holds, in Iconify's format. */
export interface IconSet {
  readonly icons: Readonly<Record<string, Icon>>;
  readonly aliases?: Readonly<Record<string, { readonly parent: string }>>;
  readonly width?: number;
  readonly height?: number;
}

interface Icon {
  readonly body: string;
  readonly left?: number;
  readonly top?: number;
  readonly width?: number;
  readonly height?: number;
}

/** Code points to names of icons. */
export type CharacterTable = Readonly<Record<string, string>>;

/** Styles whose packages say which drawing shows which code points. */
const withCharacters: ReadonlySet<ArtStyle> = new Set(zooStyles);

/** Name of an icon: `dog face` → `dog-face`. */
export function slugOf(label: string): string {
  return label.toLowerCase().replaceAll(/['’]/g, "").replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

/** Code points without the variation selector, which sets use or leave out as they like. */
function bareCode(hexcode: string): string {
  return hexcode.toLowerCase().split("-").filter((code) => code !== "fe0f").join("-");
}

/**
 * Names under which a set may hold the subject: Unicode once named `cat` emoji `cat face`, and
 * fxemoji writes names in one word.
 */
function iconNames(subject: Subject, characters: CharacterTable): string[] {
  const slug = slugOf(subject.label);
  const byCode = subject.hexcode && characters[bareCode(subject.hexcode)];
  const written = [slug, slug.replace(/\bcat\b(?!-face)/, "cat-face")];
  return [
    ...(byCode ? [byCode] : []),
    ...written,
    ...written.map((name) => name.replaceAll("-", "")),
  ];
}

/** The drawing of a subject as a complete SVG, or `undefined` if the set has none. */
export function findSvg(
  subject: Subject,
  set: IconSet,
  characters: CharacterTable = {},
): string | undefined {
  for (const name of iconNames(subject, characters)) {
    const icon = set.icons[name] ?? set.icons[set.aliases?.[name]?.parent ?? ""];
    if (icon) return toSvg(icon, set);
  }
}

function toSvg(icon: Icon, set: IconSet): string {
  const width = icon.width ?? set.width ?? 16;
  const height = icon.height ?? set.height ?? 16;
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
    `viewBox="${icon.left ?? 0} ${icon.top ?? 0} ${width} ${height}" ` +
    `width="${artSize}" height="${artSize}">${icon.body}</svg>`;
}

/** RGBA pixels of an SVG, `artSize` by `artSize`. */
async function renderSvg(svg: string): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  return await sharp(new TextEncoder().encode(svg), { density: 72 })
    .resize(artSize, artSize, { fit: "fill" }).ensureAlpha().raw().toBuffer();
}

/** Options of {@linkcode loadArtwork}. */
export interface ArtOptions extends DownloadOptions {
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * The drawings of the subjects in a style. The first call fetches the package and renders, which
 * takes about 3 ms a drawing; later ones read the pixels from the folder of downloads.
 *
 * @throws {DiagnosticError} If the package cannot be fetched.
 */
export async function loadArtwork(
  style: ArtStyle,
  subjects: readonly Subject[],
  options: ArtOptions = {},
): Promise<Artwork> {
  const path = await memoPath(style, subjects, options.downloads ?? defaultDownloads);
  const kept = await readMemo(path, subjects.length);
  const bytes = kept ?? await renderAll(style, subjects, options);
  if (kept === undefined) await writeMemo(path, bytes);
  const drawn = Array.from(bytes.subarray(0, subjects.length), (flag) => flag === 1);
  return { style, drawn, pixels: bytes.subarray(subjects.length) };
}

/** One flag for every subject, then the pixels of all. */
async function renderAll(
  style: ArtStyle,
  subjects: readonly Subject[],
  options: ArtOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const set = await readArtJson(style, "icons.json", options) as IconSet;
  const characters = await readCharacters(style, options);
  const bytes = new Uint8Array(subjects.length * (1 + artBytes));
  for (const [index, subject] of subjects.entries()) {
    options.signal?.throwIfAborted();
    const svg = findSvg(subject, set, characters);
    if (svg !== undefined) {
      bytes[index] = 1;
      bytes.set(await renderSvg(svg), subjects.length + index * artBytes);
    }
    options.onProgress?.(index + 1, subjects.length);
  }
  return bytes;
}

async function readCharacters(style: ArtStyle, options: ArtOptions): Promise<CharacterTable> {
  if (!withCharacters.has(style)) return {};
  const table = await readArtJson(style, "chars.json", options) as CharacterTable;
  return Object.fromEntries(Object.entries(table).map(([code, name]) => [bareCode(code), name]));
}

async function memoPath(
  style: ArtStyle,
  subjects: readonly Subject[],
  downloads: string,
): Promise<string> {
  const text = JSON.stringify(subjects.map(({ label, hexcode }) => [label, hexcode ?? ""]));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const name = new Uint8Array(digest).toHex().slice(0, 16);
  return join(downloads, "art", `${style}-${artPackages[style].version}-${artSize}-${name}.rgba`);
}

async function readMemo(
  path: string,
  subjects: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const bytes = await Deno.readFile(path);
    return bytes.length === subjects * (1 + artBytes) ? bytes : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function writeMemo(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.mkdir(join(path, ".."), { recursive: true });
  const part = await Deno.makeTempFile({ dir: join(path, ".."), prefix: "part-" });
  try {
    await Deno.writeFile(part, bytes);
    await Deno.rename(part, path);
  } catch (error) {
    await Deno.remove(part);
    throw error;
  }
}
