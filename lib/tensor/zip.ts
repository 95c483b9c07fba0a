/** Zip archives whose entries are not compressed, as numpy and PyTorch write them. @module */

/** The bytes are no zip archive that can be read; the message says why. */
export class ZipError extends SyntaxError {
  override readonly name = "ZipError";
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = (c >>> 1) ^ (c & 1 ? 0xedb88320 : 0);
  return c;
});

/** The checksum of ISO 3309, as zip archives have it. */
function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = (c >>> 8) ^ crcTable[(c ^ byte) & 0xff]!;
  return ~c >>> 0;
}

/** The first of January 1980, the earliest day a zip archive knows: equal entries give equal bytes. */
const date = 0x21;
const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50 };
const sizes = { local: 30, central: 46, end: 22 };

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
    const padding = paddingFor(offset + sizes.local + name.length, alignment);
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

/** Whether bytes begin as a zip archive does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes.length >= sizes.end && viewOf(bytes).getUint32(0, true) === signatures.local;
}

/**
 * Decodes an archive: views of the contents by name. Checksums are checked.
 *
 * @throws {ZipError} If the archive is damaged, or an entry is compressed or encrypted.
 */
export function decodeZip(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = viewOf(bytes);
  const end = findEnd(view);
  const files = new Map<string, Uint8Array>();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (at + sizes.central > bytes.length || view.getUint32(at, true) !== signatures.central) {
      throw new ZipError(`Cannot decode zip: there is no directory entry at byte ${at}`);
    }
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    files.set(name, readEntry(bytes, at, name));
    at += sizes.central + nameLength + view.getUint16(at + 30, true) +
      view.getUint16(at + 32, true);
  }
  return files;
}

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The record at the end; a comment of up to 65535 bytes may follow it. */
function findEnd(view: DataView): number {
  const last = view.byteLength - sizes.end;
  for (let at = last; at >= Math.max(0, last - 0xffff); at--) {
    if (view.getUint32(at, true) === signatures.end) return at;
  }
  throw new ZipError(
    `Cannot decode zip: ${view.byteLength} bytes without a directory at their end, the file is cut off`,
  );
}

function readEntry(bytes: Uint8Array, at: number, name: string): Uint8Array {
  const view = viewOf(bytes);
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  if (method !== 0 || (flags & 1) !== 0) {
    const how = method === 0 ? "encrypted" : `compressed (method ${method})`;
    throw new ZipError(`Cannot decode zip: "${name}" is ${how}, only stored files are read`);
  }
  const size = view.getUint32(at + 24, true);
  const header = view.getUint32(at + 42, true);
  const fits = header + sizes.local <= bytes.length &&
    view.getUint32(header, true) === signatures.local;
  // The lengths of name and extra field differ between the directory and the entry itself.
  const start = fits
    ? header + sizes.local + view.getUint16(header + 26, true) + view.getUint16(header + 28, true)
    : Infinity;
  if (start + size > bytes.length) {
    throw new ZipError(
      `Cannot decode zip: "${name}" should have ${size} bytes, the file is cut off`,
    );
  }
  const content = bytes.subarray(start, start + size);
  if (crc32(content) !== view.getUint32(at + 16, true)) {
    throw new ZipError(`Cannot decode zip: the checksum of "${name}" is wrong, it is damaged`);
  }
  return content;
}
