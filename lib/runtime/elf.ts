/** The shared libraries that an ELF file asks its loader for. @module */

const programDynamic = 2;
const programLoad = 1;
const tagNeeded = 1n;
const tagStringTable = 5n;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: bigint;
  readonly size: number;
}

/**
 * Names of the libraries in the dynamic section of a 64-bit little-endian ELF file.
 *
 * @returns An empty list for a file that is absent or of another kind.
 */
export function neededLibraries(path: string): readonly string[] {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch {
    return [];
  }
  try {
    return readNeeded(file);
  } finally {
    file.close();
  }
}

function readNeeded(file: Deno.FsFile): readonly string[] {
  const header = readAt(file, 0, 64);
  const isElf64 = header.byteLength === 64 && header.getUint32(0) === 0x7f454c46 &&
    header.getUint8(4) === 2 && header.getUint8(5) === 1;
  if (!isElf64) return [];
  const segments = readSegments(file, header);
  const dynamic = segments.find((s) => s.type === programDynamic);
  if (dynamic === undefined) return [];
  const entries = readDynamic(file, dynamic);
  const table = entries.find((e) => e.tag === tagStringTable);
  if (table === undefined) return [];
  const start = fileOffset(segments, table.value);
  return entries.filter((e) => e.tag === tagNeeded)
    .map((e) => readString(file, start + Number(e.value)));
}

function readSegments(file: Deno.FsFile, header: DataView): readonly Segment[] {
  const start = Number(header.getBigUint64(32, true));
  const size = header.getUint16(54, true);
  const count = header.getUint16(56, true);
  const view = readAt(file, start, size * count);
  return Array.from({ length: count }, (_, i) => ({
    type: view.getUint32(i * size, true),
    offset: Number(view.getBigUint64(i * size + 8, true)),
    address: view.getBigUint64(i * size + 16, true),
    size: Number(view.getBigUint64(i * size + 32, true)),
  }));
}

function readDynamic(file: Deno.FsFile, segment: Segment): { tag: bigint; value: bigint }[] {
  const view = readAt(file, segment.offset, segment.size);
  return Array.from({ length: Math.floor(view.byteLength / 16) }, (_, i) => ({
    tag: view.getBigUint64(i * 16, true),
    value: view.getBigUint64(i * 16 + 8, true),
  }));
}

/** Where an address of the loaded file lies in the file. */
function fileOffset(segments: readonly Segment[], address: bigint): number {
  const segment = segments.find((s) =>
    s.type === programLoad && address >= s.address && address < s.address + BigInt(s.size)
  );
  return segment === undefined
    ? Number(address)
    : segment.offset + Number(address - segment.address);
}

function readString(file: Deno.FsFile, offset: number): string {
  const view = readAt(file, offset, 256);
  const bytes = new Uint8Array(view.buffer, 0, view.byteLength);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.subarray(0, end < 0 ? bytes.length : end));
}

function readAt(file: Deno.FsFile, offset: number, length: number): DataView {
  const bytes = new Uint8Array(length);
  file.seekSync(offset, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < length) {
    const read = file.readSync(bytes.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  return new DataView(bytes.buffer, 0, filled);
}
