/** Finds the file that a list names. It reads nothing outside the data's folder. @module */
import { isAbsolute, relative, resolve } from "@std/path";
import { standIn } from "../diagnostic/stand_in.ts";
import { imageLimits } from "../vision/decode_image.ts";
import { dataFailure, quoted } from "./data_failure.ts";
import { fileKind, notA } from "./file_kind.ts";
import { isThere } from "./is_there.ts";

/** Whether a real path is a real folder, or lies in it. */
const isInside = (path: string, folder: string) => {
  const way = relative(folder, path);
  return !isAbsolute(way) && !/^\.\.([/\\]|$)/.test(way);
};

/** What is neither file nor folder: reading it may never end. */
const strangers = [
  ["isFifo", "a named pipe"],
  ["isSocket", "a socket"],
  ["isBlockDevice", "a device"],
  ["isCharDevice", "a device"],
] as const satisfies readonly (readonly [keyof Deno.FileInfo, string])[];

/** Opens what may be there. @throws {DiagnosticError} If it is missing, or neither file nor folder. */
function look(path: string, what: string): Deno.FileInfo {
  try {
    const info = Deno.statSync(path);
    if (info.isFile || info.isDirectory) return info;
    const [, kind] = strangers.find(([is]) => info[is]) ?? ["", "no file"];
    throw dataFailure(what, `it is ${kind}, expected a file`);
  } catch (error) {
    throw told(error, what);
  }
}

/** What the system says of a file, in words. */
function told(error: unknown, what: string): unknown {
  const { NotFound, FilesystemLoop, NotADirectory, PermissionDenied } = Deno.errors;
  const isTooLong = (error as { code?: string }).code === "ENAMETOOLONG";
  if (isTooLong) return dataFailure(what, "it is too long for the name of a file");
  if (error instanceof NotFound || error instanceof NotADirectory) {
    return dataFailure(what, "there is no such file");
  }
  if (error instanceof FilesystemLoop) return dataFailure(what, "it is a link to itself");
  if (error instanceof Deno.errors.NotCapable) {
    return dataFailure(what, "it leads out of the folders that may be read");
  }
  if (error instanceof PermissionDenied) return dataFailure(what, "it may not be read");
  return error;
}

/** A regular file that the user named. @throws {DiagnosticError} If there is none. */
function plainFile(path: string): string {
  if (look(path, JSON.stringify(path)).isFile) return path;
  throw dataFailure(JSON.stringify(path), "it is a folder, expected a file");
}

/** Bytes of a text file, such as a list of rows. */
const longestList = 512 * 2 ** 20;

/** Which encoding of Unicode a text is in, by its first bytes. */
function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return "utf-16le"; // spreadsheets' "Unicode text"
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

/** The text of a list. @throws {DiagnosticError} If it is missing, empty, too large, or no Unicode. */
export function readList(path: string): string {
  const what = JSON.stringify(path);
  const { size } = Deno.statSync(plainFile(path));
  if (size > longestList) {
    throw dataFailure(what, `it has ${size} bytes, a list may have at most ${longestList}`);
  }
  const bytes = readRange(path, 0, size);
  const text = textIn(bytes);
  const start = bytes.subarray(0, 1024);
  if (text === undefined) throw dataFailure(what, notA("text (UTF-8)", start));
  if (text.includes("\0")) {
    throw dataFailure(what, "it has zero bytes, as UTF-16 without its mark has: save it as UTF-8");
  }
  const kind = standIn(text);
  if (kind !== undefined) throw dataFailure(what, `it is ${kind}`);
  if (text.trim() === "") throw dataFailure(what, "it is empty");
  return text;
}

/** The text of bytes in an encoding of Unicode; `undefined` where they are in none. */
function textIn(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A folder of images; links in it may lead to other places in it, and nowhere else. */
export class DataRoot {
  /** As the user wrote it, for messages. */
  readonly path: string;
  readonly #written: string;
  readonly #real: string;

  /** @throws {DiagnosticError} If there is no such folder. */
  constructor(path: string) {
    if (!look(path, JSON.stringify(path)).isDirectory) {
      const start = readRange(path, 0, Math.min(1024, Deno.statSync(path).size));
      const kind = fileKind(start);
      throw dataFailure(
        JSON.stringify(path),
        `expected a folder, it is ${kind ?? "a file"}`,
        ["Lists and archives are known by .csv, .tsv, .jsonl, .json, .parquet, .tar, .tar.gz, .tar.zst"],
      );
    }
    [this.path, this.#written, this.#real] = [path, resolve(path), Deno.realPathSync(path)];
  }

  /**
   * The path of a file or folder by its name.
   *
   * @param where Who names it: `rows.csv line 3`.
   * @throws {DiagnosticError} If it is missing, lies outside, or is neither.
   */
  find(name: string, where: string): { readonly path: string; readonly info: Deno.FileInfo } {
    const what = `${quoted(name)} (${where})`;
    if (name === "" || name.includes("\0")) throw dataFailure(what, "it is not the name of a file");
    if (holdsImage.test(name)) {
      throw dataFailure(
        what,
        "it is an image as text: write it to a file, or its bytes to a column of a Parquet file",
      );
    }
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name)) {
      throw dataFailure(what, "it is a URL; only files on disk can be read: download the images");
    }
    const path = this.#pathOf(name);
    const folder = JSON.stringify(this.path);
    const outside = `it is outside of the folder ${folder}: put the images into it`;
    if (!this.#isNamedInside(path)) throw dataFailure(what, outside);
    const info = look(path, what);
    if (!isInside(Deno.realPathSync(path), this.#real)) throw dataFailure(what, outside);
    return { path, info };
  }

  /** Where a name leads: as it is written, or as another system writes it. */
  #pathOf(name: string): string {
    const isHere = (path: string) => this.#isNamedInside(path) && isThere(path);
    const written = resolve(this.#written, name);
    if (isHere(written)) return written;
    return spellings(name).map((spelling) => resolve(this.#written, spelling)).find(isHere) ??
      written;
  }

  /** Whether a path is in the folder by its name; where links lead is seen when it is opened. */
  #isNamedInside(path: string): boolean {
    return isInside(path, this.#written) || isInside(path, this.#real);
  }

  /** The path of a regular file by its name. @throws {DiagnosticError} As {@linkcode DataRoot.find}. */
  file(name: string, where: string): string {
    const { path, info } = this.find(name, where);
    if (info.isFile) return path;
    throw dataFailure(`${quoted(name)} (${where})`, "it is a folder, expected a file");
  }
}

/** Images that are written into a list: JPEG, PNG and others in base64, or bytes as Python prints them. */
const holdsImage = /^(?:data:image\/|iVBORw0KGgo|\/9j\/|R0lGOD|UklGR|b'|\{'bytes')/;

/** Other ways to write a name: blanks around it, Windows' separators, composed letters or not. */
function spellings(name: string): string[] {
  const bare = name.trim();
  const slashes = bare.replaceAll("\\", "/");
  return [bare, slashes, slashes.normalize("NFC"), slashes.normalize("NFD")];
}

/** Opens a file that is there. @throws {DiagnosticError} If it may not be read, or is no regular file. */
function open(path: string): Deno.FsFile {
  try {
    return Deno.openSync(plainFile(path));
  } catch (error) {
    throw told(error, JSON.stringify(path));
  }
}

/** Bytes of a file. @throws {DiagnosticError} If it may not be read, or ends before. */
export function readRange(path: string, offset: number, length: number): Uint8Array<ArrayBuffer> {
  using file = open(path);
  file.seekSync(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const read = file.readSync(bytes.subarray(at));
    if (read === null) {
      throw dataFailure(
        JSON.stringify(path),
        `it ends at byte ${offset + at}, ${offset + length} are needed`,
      );
    }
    at += read;
  }
  return bytes;
}

/**
 * The bytes of an image's file.
 *
 * @throws {DiagnosticError} If it may not be read, or has more than an image may have.
 */
export async function readImageFile(path: string, what: string): Promise<Uint8Array> {
  const { size } = look(path, what);
  if (size > imageLimits.fileBytes) {
    throw dataFailure(what, `it has ${size} bytes, at most ${imageLimits.fileBytes} can be read`);
  }
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw told(error, what);
  }
}
