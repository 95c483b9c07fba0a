/** WebDataset: tar archives whose files of one name before the first dot are a row. @module */
import { basename, dirname } from "@std/path";
import { dataFailure, quoted, someOf } from "../data_failure.ts";
import { imageLimits } from "../../vision/decode_image.ts";
import type { EncodedImage, ListedRow, Listing } from "../listing.ts";
import { joinListings } from "../listing.ts";
import { isHiddenName, isImageName } from "../image_names.ts";
import { jsonIn } from "./json_text.ts";
import { openBytes } from "./byte_source.ts";
import { tarEntries, type TarEntry } from "./tar.ts";

/** Most bytes of a text that belongs to an image. */
const longestText = 1 << 20;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Lists archives, one after the other. @throws {DiagnosticError} If one is damaged, or has no images. */
export async function listArchives(paths: readonly string[]): Promise<Listing> {
  const listings = [];
  for (const path of paths) listings.push({ listing: await listArchive(path) });
  return joinListings(listings);
}

interface Sample {
  readonly key: string;
  image?: TarEntry;
  /** Whether the image's name has nothing between the key and the ending. */
  isPlain?: boolean;
  /** Endings of its files so far. */
  readonly endings: Set<string>;
  /** By ending; of those that say nothing of a row there is no content. */
  readonly texts: Map<string, Uint8Array | undefined>;
}

async function listArchive(path: string): Promise<Listing> {
  const samples = await samplesOf(path);
  const places: TarEntry[] = [];
  const rows: ListedRow[] = [];
  const without: string[] = [];
  for (const { key, image, texts } of samples) {
    if (image === undefined) {
      without.push(key);
      continue;
    }
    const where = `${basename(path)}: ${key}`;
    rows.push({ where, fields: { id: key, ...fieldsOf(key, where, texts) } });
    places.push(image);
  }
  if (rows.length === 0) throw dataFailure(JSON.stringify(path), "there is no image in it");
  return {
    rows,
    embedded: true,
    notes: without.length === 0 ? [] : [
      `${basename(path)}: rows without an image, left out: ${without.length} (${someOf(without)})`,
    ],
    images: (wanted) => imagesAt(path, places, wanted),
  };
}

async function* imagesAt(
  path: string,
  places: readonly TarEntry[],
  wanted: readonly number[],
): AsyncGenerator<EncodedImage> {
  const source = openBytes(path);
  try {
    for (const row of wanted) {
      const { offset, bytes } = places[row]!;
      yield { encoded: await source.read(offset, bytes) };
    }
  } finally {
    await source.close();
  }
}

/** Samples in the order of their first files; texts are read as they come, as a compressed archive has no way back. */
async function samplesOf(path: string): Promise<Iterable<Sample>> {
  const what = JSON.stringify(path);
  const source = openBytes(path);
  const samples = new Map<string, Sample>();
  try {
    for await (const entry of tarEntries(source, what)) {
      const place = sampleOf(entry.name);
      if (place === undefined) continue;
      const { key, ending } = place;
      const sample: Sample = samples.get(key) ?? { key, endings: new Set(), texts: new Map() };
      samples.set(key, sample);
      checkEntry(entry, ending, what);
      if (sample.endings.has(ending)) {
        throw dataFailure(what, `two files in it are called ${quoted(entry.name)}`);
      }
      if (isImageName(`.${ending}`)) {
        // `0001.jpg` is the image, and `0001.depth.png` is more of it.
        const isPlain = !ending.includes(".");
        if (sample.image === undefined || isPlain && !sample.isPlain) {
          [sample.image, sample.isPlain] = [entry, isPlain];
        }
      } else {
        const kind = kindOf(ending);
        // `0001.json` says what the row is, and `0001.boxes.json` more of it.
        if (ending === kind || !sample.texts.has(kind)) {
          const isText = textEndings.includes(kind);
          const content = isText ? await source.read(entry.offset, entry.bytes) : undefined;
          sample.texts.set(kind, content);
        }
      }
      sample.endings.add(ending);
    }
    await source.finish();
  } finally {
    await source.close();
  }
  return samples.values();
}

/** `a/0001.seg.png` has the key `a/0001` and the ending `seg.png`. */
function sampleOf(path: string): { key: string; ending: string } | undefined {
  const name = path.replace(/^\.\//, "");
  const file = basename(name);
  const dot = file.indexOf(".");
  if (isHiddenName(file) || dot <= 0 || name.endsWith("/")) return undefined;
  const key = name.slice(0, name.length - file.length + dot);
  return { key, ending: file.slice(dot + 1).toLowerCase() };
}

/** The kind of a file by its ending: `target.cls` is a class as well. */
const kindOf = (ending: string) => ending.slice(ending.lastIndexOf(".") + 1);

/** Endings of files that say something of a row. */
const textEndings = ["json", "cls", "class", "txt", "caption"];

function checkEntry({ name, bytes, mistake }: TarEntry, ending: string, what: string): void {
  const inside = `${JSON.stringify(name)} in ${what}`;
  if (mistake !== undefined) throw dataFailure(inside, `it is ${mistake}`);
  const most = isImageName(`.${ending}`)
    ? imageLimits.fileBytes
    : textEndings.includes(kindOf(ending))
    ? longestText
    : Infinity;
  if (bytes <= most) return;
  throw dataFailure(inside, `it has ${bytes} bytes, at most ${most} can be read`);
}

/** `cls` is a class, `json` a map of columns, `txt` a caption; a folder of images alone names classes. */
function fieldsOf(
  key: string,
  where: string,
  texts: ReadonlyMap<string, Uint8Array | undefined>,
): Record<string, unknown> {
  const read = (ending: string): string | undefined => {
    const content = texts.get(ending);
    if (content === undefined) return undefined;
    try {
      return decoder.decode(content).trim();
    } catch {
      throw dataFailure(where, `its .${ending} is not text (UTF-8)`);
    }
  };
  const number = read("cls") ?? read("class");
  const caption = read("txt") ?? read("caption");
  const folder = dirname(key);
  return {
    ...(texts.size === 0 && folder !== "." ? { label: basename(folder).replaceAll("_", " ") } : {}),
    ...jsonFields(read("json"), where),
    ...(number === undefined ? {} : { label: numberIn(number) }),
    ...(caption === undefined ? {} : { caption }),
  };
}

/** A class as a number, if it is one that a JavaScript number can hold. */
function numberIn(text: string): number | string {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : text;
}

function jsonFields(text: string | undefined, where: string): Record<string, unknown> {
  if (text === undefined) return {};
  try {
    const value = jsonIn(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
    return typeof value === "number" || typeof value === "string" ? { label: value } : {};
  } catch (error) {
    throw dataFailure(where, `its .json is not JSON: ${(error as Error).message}`);
  }
}
