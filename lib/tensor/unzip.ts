/** Reads zip archives of stored and deflated files, also larger than 4 GiB (zip64). @module */
import { crc32, inflateRawSync } from "node:zlib";
import { ByteBudget } from "./limits.ts";
import { recordSizes, signatures } from "./zip.ts";

/** The bytes are not a zip archive that can be read; the message says why. */
export class ZipError extends SyntaxError {
  override readonly name = "ZipError";
}

/** A file of the archive, as the directory at its end has it. */
interface Entry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly checksum: number;
  readonly packedBytes: number;
  readonly bytes: number;
  /** Where its header begins. */
  readonly header: number;
}

/** A file of the archive, and where its contents lie. */
interface PlacedEntry extends Entry {
  readonly start: number;
  readonly end: number;
}

/** Whether bytes begin as a zip archive does. */
export function isZip(bytes: Uint8Array): boolean {
  if (bytes.length < recordSizes.end) return false;
  const start = viewOf(bytes).getUint32(0, true);
  return start === signatures.local || start === signatures.end;
}

/**
 * Decodes an archive: contents by name, views where they are stored. Checksums are checked.
 *
 * @param wanted Which files to unpack; default all.
 * @throws {ZipError} If the archive is damaged, its files overlap or unpack to more than its size
 * allows, or a file is encrypted or packed in another way.
 */
export function decodeZip(
  bytes: Uint8Array,
  wanted: (name: string) => boolean = () => true,
): Map<string, Uint8Array> {
  const entries = readDirectory(bytes);
  checkPlaces(entries);
  const budget = new ByteBudget(bytes.length);
  const files = new Map<string, Uint8Array>();
  for (const entry of entries) {
    if (!wanted(entry.name)) continue;
    if (files.has(entry.name)) throw failure(`it has two files "${entry.name}"`);
    files.set(entry.name, contentOf(entry, bytes, budget));
  }
  return files;
}

/**
 * Names of the files in an archive, which are not unpacked.
 *
 * @throws {ZipError} If the directory of the archive is damaged.
 */
export function zipNames(bytes: Uint8Array): string[] {
  return readDirectory(bytes).map(({ name }) => name);
}

const failure = (cause: string) => new ZipError(`Cannot decode zip: ${cause}`);

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The record at the end; a comment of up to 65535 bytes may follow it. */
function findEnd(view: DataView): number {
  const last = view.byteLength - recordSizes.end;
  for (let at = last; at >= Math.max(0, last - 0xffff); at--) {
    if (view.getUint32(at, true) === signatures.end) return at;
  }
  throw failure(`${view.byteLength} bytes without a directory at their end, the file is cut off`);
}

/** Where the directory begins and how many entries it has. */
function findDirectory(view: DataView): { at: number; count: number; end: number } {
  const end = findEnd(view);
  const locator = end - recordSizes.locator64;
  if (locator >= 0 && view.getUint32(locator, true) === signatures.locator64) {
    const at = sizeAt(view, locator + 8);
    if (at + recordSizes.end64 <= locator && view.getUint32(at, true) === signatures.end64) {
      return { at: sizeAt(view, at + 48), count: sizeAt(view, at + 32), end: at };
    }
  }
  return { at: view.getUint32(end + 16, true), count: view.getUint16(end + 10, true), end };
}

/** A size of 64 bits; one that no file has is larger than all. */
function sizeAt(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function readDirectory(bytes: Uint8Array): PlacedEntry[] {
  const view = viewOf(bytes);
  const { at: start, count, end } = findDirectory(view);
  const entries: PlacedEntry[] = [];
  let at = start;
  for (let left = count; left > 0; left--) {
    if (at + recordSizes.central > end || view.getUint32(at, true) !== signatures.central) {
      throw failure(`there is no directory entry at byte ${at}`);
    }
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const next = at + recordSizes.central + name! + extra! + comment!;
    if (next > end) throw failure(`the directory entry at byte ${at} is cut off`);
    entries.push(place(readEntry(bytes, at), view, start));
    at = next;
  }
  return entries;
}

function readEntry(bytes: Uint8Array, at: number): Entry {
  const view = viewOf(bytes);
  const nameStart = at + recordSizes.central;
  const nameEnd = nameStart + view.getUint16(at + 28, true);
  const [packed, size, header] = [20, 24, 42].map((field) => view.getUint32(at + field, true));
  const extra = bytes.subarray(nameEnd, nameEnd + view.getUint16(at + 30, true));
  // The extra field has what does not fit into 32 bits, in this order.
  const [bytesWide, packedWide, headerWide] = wideSizes(extra, [size!, packed!, header!]);
  return {
    name: new TextDecoder().decode(bytes.subarray(nameStart, nameEnd)),
    flags: view.getUint16(at + 8, true),
    method: view.getUint16(at + 10, true),
    checksum: view.getUint32(at + 16, true),
    packedBytes: packedWide!,
    bytes: bytesWide!,
    header: headerWide!,
  };
}

/** Numbers of 32 bits, those that are all ones replaced by numbers of 64 bits (zip64, field 1). */
function wideSizes(extra: Uint8Array, narrow: readonly number[]): number[] {
  const view = viewOf(extra);
  let field = 0;
  while (field + 4 <= extra.length && view.getUint16(field, true) !== 1) {
    field += 4 + view.getUint16(field + 2, true);
  }
  let at = field + 4;
  return narrow.map((value) => {
    if (value !== 0xffffffff || at + 8 > extra.length) return value;
    at += 8;
    return sizeAt(view, at - 8);
  });
}

/** The lengths of name and extra field differ between the directory and the entry itself. */
function place(entry: Entry, view: DataView, directory: number): PlacedEntry {
  const { header, packedBytes, name } = entry;
  const fits = header + recordSizes.local <= directory &&
    view.getUint32(header, true) === signatures.local;
  const start = fits
    ? header + recordSizes.local + view.getUint16(header + 26, true) +
      view.getUint16(header + 28, true)
    : Infinity;
  if (start + packedBytes > directory) {
    throw failure(`"${name}" should have ${packedBytes} bytes, the file is cut off`);
  }
  return { ...entry, start, end: start + packedBytes };
}

/** Entries of one place would make of a few bytes as much as one likes. */
function checkPlaces(entries: readonly PlacedEntry[]): void {
  const sorted = entries.toSorted((a, b) => a.header - b.header);
  for (let i = 1; i < sorted.length; i++) {
    const [before, entry] = [sorted[i - 1]!, sorted[i]!];
    if (entry.header >= before.end) continue;
    throw failure(`its files "${before.name}" and "${entry.name}" overlap`);
  }
}

/** Ways of packing, by their number. */
const STORED = 0, DEFLATED = 8;

function contentOf(entry: PlacedEntry, archive: Uint8Array, budget: ByteBudget): Uint8Array {
  const { name, method, flags, start, end, checksum } = entry;
  if ((flags & 1) !== 0) throw failure(`"${name}" is encrypted`);
  const packed = archive.subarray(start, end);
  const content = method === DEFLATED ? inflate(entry, packed, budget) : packed;
  if (method !== DEFLATED && method !== STORED) {
    throw failure(
      `"${name}" is packed by method ${method}, only stored and deflated files are read`,
    );
  }
  if (content.length !== entry.bytes) {
    throw failure(`"${name}" should have ${entry.bytes} bytes, it has ${content.length}`);
  }
  if (crc32(content) === checksum) return content;
  throw failure(`the checksum of "${name}" is wrong, it is damaged`);
}

function inflate({ name, bytes }: Entry, packed: Uint8Array, budget: ByteBudget): Uint8Array {
  const tooMuch = budget.take(bytes);
  if (tooMuch !== undefined) throw failure(`"${name}" unpacks to ${bytes} bytes: ${tooMuch}`);
  try {
    const { buffer, byteOffset, length } = inflateRawSync(packed, {
      maxOutputLength: Math.max(1, bytes),
    });
    return new Uint8Array(buffer, byteOffset, length);
  } catch (cause) {
    throw new ZipError(
      `Cannot decode zip: "${name}" cannot be unpacked to ${bytes} bytes, it is damaged`,
      { cause },
    );
  }
}
