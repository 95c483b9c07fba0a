/** Lists the files of a tar archive: it reads headers and skips contents. @module */
import { dataFailure } from "../data_failure.ts";
import { readRange } from "../data_root.ts";

/** A regular file of an archive. */
export interface TarEntry {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
}

const blockBytes = 512;

/** Most entries of an archive, and bytes of a name or of what represents one. */
const maxEntries = 4_000_000;
const longestName = 4096;
const longestRecord = 1 << 20;

const decoder = new TextDecoder();

/** Types of entries whose content says something of the next entry. */
const records = { L: "name", x: "pax", g: "global" } as const;

/**
 * Lists the regular files of a ustar, pax or GNU archive. Folders and links are left out.
 *
 * @throws {DiagnosticError} If it is not an archive, is cut off, or its sizes lead out of it.
 */
export function listTar(path: string): TarEntry[] {
  const what = JSON.stringify(path);
  const { size } = Deno.statSync(path);
  if (size < blockBytes) throw dataFailure(what, "it is empty or cut off, expected a tar archive");
  using file = Deno.openSync(path);
  const entries: TarEntry[] = [];
  let next: { name?: string; bytes?: number } = {};
  let offset = 0;
  for (let count = 0; offset + blockBytes <= size; count++) {
    if (count > maxEntries) throw dataFailure(what, `it has more than ${maxEntries} entries`);
    const header = readBlock(file, offset);
    if (header.every((byte) => byte === 0)) return entries;
    if (!isHeader(header)) throw dataFailure(what, noHeader(header, offset));
    const bytes = next.bytes ?? numberIn(header, 124, 12);
    const start = offset + blockBytes;
    if (!(bytes >= 0) || start + bytes > size) {
      throw dataFailure(what, `a file in it should have ${bytes} bytes, the archive ends before`);
    }
    const type = String.fromCharCode(header[156]!) as keyof typeof records;
    const record = records[type];
    if (record !== undefined) {
      if (bytes > longestRecord) throw dataFailure(what, `a name in it has ${bytes} bytes`);
      const text = decoder.decode(readRange(path, start, bytes));
      if (record === "name") next.name = text.replace(/\0.*$/s, "");
      else if (record === "pax") next = { ...next, ...paxFields(text) };
    } else {
      const name = next.name ?? nameIn(header);
      if (name.length > longestName) throw dataFailure(what, "a name in it is too long");
      if (type as string === "0" || type as string === "\0") {
        entries.push({ name, offset: start, bytes });
      }
      next = {};
    }
    offset = start + Math.ceil(bytes / blockBytes) * blockBytes;
  }
  throw dataFailure(what, "it has no end mark: it is cut off");
}

function readBlock(file: Deno.FsFile, offset: number): Uint8Array {
  file.seekSync(offset, Deno.SeekMode.Start);
  const block = new Uint8Array(blockBytes);
  for (let at = 0; at < blockBytes;) {
    const read = file.readSync(block.subarray(at));
    if (read === null) break;
    at += read;
  }
  return block;
}

/** The sum of a header's bytes, its own field taken for blanks. */
function isHeader(header: Uint8Array): boolean {
  const told = numberIn(header, 148, 8);
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  return sum === told;
}

function noHeader(header: Uint8Array, offset: number): string {
  if (offset > 0) return `there is no file at byte ${offset}: it is damaged or cut off`;
  const isZip = header[0] === 0x1f && header[1] === 0x8b;
  return isZip ? "it is compressed; unpack it first: gunzip" : "it is not a tar archive";
}

function text(header: Uint8Array, start: number, length: number): string {
  return decoder.decode(header.subarray(start, start + length)).replace(/\0.*$/s, "");
}

function nameIn(header: Uint8Array): string {
  const prefix = text(header, 257, 5) === "ustar" && header[262] === 0
    ? text(header, 345, 155)
    : "";
  return (prefix === "" ? "" : `${prefix}/`) + text(header, 0, 100);
}

/** Octal digits, or from 8 GiB on bytes behind a set bit. */
function numberIn(header: Uint8Array, start: number, length: number): number {
  if ((header[start]! & 0x80) === 0) {
    const digits = text(header, start, length).trim();
    return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : digits === "" ? 0 : NaN;
  }
  let value = header[start]! & 0x7f;
  for (let i = 1; i < length; i++) value = value * 256 + header[start + i]!;
  return Number.isSafeInteger(value) ? value : NaN;
}

/** `LENGTH KEY=VALUE` lines of pax. */
function paxFields(content: string): { name?: string; bytes?: number } {
  const name = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(content)?.[1];
  const bytes = /(?:^|\n)\d+ size=(\d+)\n/.exec(content)?.[1];
  return {
    ...(name === undefined ? {} : { name }),
    ...(bytes === undefined ? {} : { bytes: Number(bytes) }),
  };
}
