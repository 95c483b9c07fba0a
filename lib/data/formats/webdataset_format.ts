/** WebDataset: tar archives whose files of one name before the first dot are a row. @module */
import { basename, dirname } from "@std/path";
import { dataFailure } from "../data_failure.ts";
import { readRange } from "../data_root.ts";
import type { ListedRow, Listing } from "../listing.ts";
import { joinListings } from "../listing.ts";
import { isHiddenName, isPictureName } from "../picture_names.ts";
import { listTar, type TarEntry } from "./tar.ts";

/** Most bytes of a text that belongs to a picture. */
const longestText = 1 << 20;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Lists archives, one after the other. @throws {DiagnosticError} If one is damaged, or has no pictures. */
export function listArchives(paths: readonly string[]): Listing {
  return joinListings(paths.map((path) => ({ listing: listArchive(path) })));
}

interface Sample {
  readonly key: string;
  image?: TarEntry;
  readonly texts: Map<string, TarEntry>;
}

function listArchive(path: string): Listing {
  const samples = new Map<string, Sample>();
  for (const entry of listTar(path)) addTo(samples, entry);
  const places: TarEntry[] = [];
  const rows: ListedRow[] = [];
  for (const { key, image, texts } of samples.values()) {
    if (image === undefined) continue;
    const where = `${basename(path)}: ${key}`;
    rows.push({ where, fields: { id: key, ...fieldsOf(path, key, where, texts) } });
    places.push(image);
  }
  if (rows.length === 0) throw dataFailure(JSON.stringify(path), "there is no picture in it");
  return {
    rows,
    embedded: true,
    async *pictures(wanted) {
      for (const row of wanted) {
        const { offset, bytes } = places[row]!;
        yield { encoded: readRange(path, offset, bytes) };
      }
    },
  };
}

/** `a/0001.seg.png` has the key `a/0001` and the ending `seg.png`. */
function addTo(samples: Map<string, Sample>, entry: TarEntry): void {
  const name = entry.name.replace(/^\.\//, "");
  const file = basename(name);
  if (isHiddenName(file)) return;
  const dot = file.indexOf(".");
  if (dot <= 0) return;
  const key = name.slice(0, name.length - file.length + dot);
  const sample: Sample = samples.get(key) ?? { key, texts: new Map() };
  samples.set(key, sample);
  const ending = file.slice(dot + 1).toLowerCase();
  if (isPictureName(`.${ending}`)) sample.image ??= entry;
  else sample.texts.set(ending, entry);
}

/** `cls` is a class, `json` a map of columns, `txt` a caption; a folder of pictures alone names classes. */
function fieldsOf(
  path: string,
  key: string,
  where: string,
  texts: ReadonlyMap<string, TarEntry>,
): Record<string, unknown> {
  const read = (ending: string): string | undefined => {
    const entry = texts.get(ending);
    if (entry === undefined) return undefined;
    if (entry.bytes > longestText) {
      throw dataFailure(
        where,
        `its .${ending} has ${entry.bytes} bytes, at most ${longestText} can be read`,
      );
    }
    try {
      return decoder.decode(readRange(path, entry.offset, entry.bytes)).trim();
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
    ...(number === undefined ? {} : { label: /^\d+$/.test(number) ? Number(number) : number }),
    ...(caption === undefined ? {} : { caption }),
  };
}

function jsonFields(text: string | undefined, where: string): Record<string, unknown> {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
    return typeof value === "number" || typeof value === "string" ? { label: value } : {};
  } catch (error) {
    throw dataFailure(where, `its .json is not JSON: ${(error as Error).message}`);
  }
}
