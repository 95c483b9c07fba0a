/** The npz format of numpy: a zip archive, not compressed, of one npy file per array. @module */
import { encodeNpy } from "./npy.ts";
import type { Tensor } from "./tensor.ts";

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

/** The first of January 1980, the earliest day a zip archive knows: equal arrays give equal bytes. */
const date = 0x21;
const headers = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50 };

/** An array as an entry of the archive. */
interface Entry {
  readonly name: Uint8Array;
  readonly bytes: Uint8Array;
  /** Where its header begins. */
  readonly offset: number;
}

/** Encodes arrays by name, as `numpy.savez` does. */
export function encodeNpz(tensors: Readonly<Record<string, Tensor>>): Uint8Array<ArrayBuffer> {
  const entries: Entry[] = [];
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [key, value] of Object.entries(tensors)) {
    const entry = { name: new TextEncoder().encode(`${key}.npy`), bytes: encodeNpy(value), offset };
    const header = fields([headers.local, 4], ...commonFields(entry));
    entries.push(entry);
    parts.push(header, entry.name, entry.bytes);
    offset += header.length + entry.name.length + entry.bytes.length;
  }
  const directory = concat(entries.flatMap((entry) => [directoryEntry(entry), entry.name]));
  return concat([...parts, directory, endOf(entries.length, directory.length, offset)]);
}

/** Version, flags, method, time, date, checksum, sizes, and lengths of name and extra field. */
function commonFields({ name, bytes }: Entry): Field[] {
  const start: Field[] = [[20, 2], [0, 2], [0, 2], [0, 2], [date, 2], [crc32(bytes), 4]];
  return [...start, [bytes.length, 4], [bytes.length, 4], [name.length, 2], [0, 2]];
}

/** No comment, first disk, no attributes. */
function directoryEntry(entry: Entry): Uint8Array {
  const rest: Field[] = [[0, 2], [0, 2], [0, 2], [0, 4], [entry.offset, 4]];
  return fields([headers.central, 4], [20, 2], ...commonFields(entry), ...rest);
}

function endOf(count: number, size: number, offset: number): Uint8Array {
  const disks: Field[] = [[0, 2], [0, 2]];
  return fields([headers.end, 4], ...disks, [count, 2], [count, 2], [size, 4], [offset, 4], [0, 2]);
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
