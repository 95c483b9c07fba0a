/** Writes zip archives whose entries are not compressed, as numpy and PyTorch write them. @module */
import { crc32 } from "node:zlib";

/** The first of January 1980, the earliest day a zip archive knows: equal entries give equal bytes. */
const date = 0x21;

/** What the records of an archive begin with. */
export const signatures = {
  local: 0x04034b50,
  central: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
};

/** Bytes of the records, without names, extra fields and comments. */
export const recordSizes = { local: 30, central: 46, end: 22, end64: 56, locator64: 20 };

/** A file of the archive. */
interface Entry {
  readonly name: Uint8Array;
  readonly bytes: Uint8Array;
  /** Where its header begins. */
  readonly offset: number;
  /** Bytes that move its contents to an aligned offset. */
  readonly padding: Uint8Array;
}

/** Options of {@linkcode encodeZip}. */
export interface ZipOptions {
  /** Contents of files begin at multiples of it, so that they can be mapped into memory. */
  readonly alignment?: number;
}
/** Encodes files by name. */
export function encodeZip(
  files: Readonly<Record<string, Uint8Array>>,
  { alignment = 1 }: ZipOptions = {},
): Uint8Array<ArrayBuffer> {
  const entries: Entry[] = [];
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [key, bytes] of Object.entries(files)) {
    const name = new TextEncoder().encode(key);
    const padding = paddingFor(offset + recordSizes.local + name.length, alignment);
    const entry = { name, bytes, offset, padding };
    const header = fields([signatures.local, 4], ...commonFields(entry, padding.length));
    entries.push(entry);
    parts.push(header, name, padding, bytes);
    offset += header.length + name.length + padding.length + bytes.length;
  }
  const directory = concat(entries.flatMap((entry) => [directoryEntry(entry), entry.name]));
  return concat([...parts, directory, endOf(entries.length, directory.length, offset)]);
}

/** An extra field (mark `FB`, as PyTorch's) that ends at a multiple of `alignment`. */
function paddingFor(at: number, alignment: number): Uint8Array {
  const rest = (alignment - at % alignment) % alignment;
  if (rest === 0) return new Uint8Array();
  const length = rest < 4 ? rest + alignment : rest;
  const bytes = new Uint8Array(length).fill(0x5a);
  bytes.set([0x46, 0x42, (length - 4) & 0xff, (length - 4) >> 8]);
  return bytes;
}

/** Version, flags, method, time, date, checksum, sizes, and lengths of name and extra field. */
function commonFields({ name, bytes }: Entry, extra: number): Field[] {
  const start: Field[] = [[20, 2], [0, 2], [0, 2], [0, 2], [date, 2], [crc32(bytes), 4]];
  return [...start, [bytes.length, 4], [bytes.length, 4], [name.length, 2], [extra, 2]];
}

/** No comment, first disk, no attributes. */
function directoryEntry(entry: Entry): Uint8Array {
  const rest: Field[] = [[0, 2], [0, 2], [0, 2], [0, 4], [entry.offset, 4]];
  return fields([signatures.central, 4], [20, 2], ...commonFields(entry, 0), ...rest);
}

function endOf(count: number, size: number, offset: number): Uint8Array {
  const disks: Field[] = [[0, 2], [0, 2]];
  const end: Field[] = [[count, 2], [count, 2], [size, 4], [offset, 4], [0, 2]];
  return fields([signatures.end, 4], ...disks, ...end);
}

type Field = readonly [value: number, bytes: 2 | 4];

/** Little-endian numbers one after the other. */
function fields(...list: readonly Field[]): Uint8Array {
  const bytes = new Uint8Array(list.reduce((sum, [, size]) => sum + size, 0));
  let at = 0;
  for (const [value, size] of list) {
    for (let i = 0; i < size; i++) bytes[at++] = (value >>> (8 * i)) & 0xff;
  }
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
