/** Reads protobuf bytes by a table of fields, without copying byte fields. @module */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { Field, FieldKind, MessageTable } from "./proto.ts";

/** What is wrong with the bytes, and where. */
export class ProtoError extends SyntaxError {
  override readonly name = "ProtoError";
  /** Offset of the first invalid byte. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Messages in messages: the limit of protobuf itself, so that no runtime opens a deeper file. */
const deepest = 100;

/** Messages and texts that a file of this size may hold; what is left of real ones is mostly weights. */
function maxParts(bytes: number): number {
  return 1_000_000 + Math.floor(bytes / 64);
}

/** Counts how deep and in how many parts one reads. */
class Limits {
  #depth = 0;
  #parts: number;

  constructor(bytes: number) {
    this.#parts = maxParts(bytes);
  }

  part(offset: number): void {
    if (this.#parts-- > 0) return;
    throw new ProtoError("it has more parts than a model of its size can need", offset);
  }

  within<T>(offset: number, read: () => T): T {
    if (++this.#depth > deepest) {
      throw new ProtoError(
        `it is nested more than ${deepest} levels deep, and no runtime reads that`,
        offset,
      );
    }
    const result = read();
    this.#depth--;
    return result;
  }
}

type ScalarKind = Exclude<FieldKind, () => MessageTable>;

interface Scalar {
  readonly wire: WireType;
  readonly read: (reader: BinaryReader) => unknown;
}

const scalars: Readonly<Record<ScalarKind, Scalar>> = {
  string: { wire: WireType.LengthDelimited, read: (r) => r.string() },
  bytes: { wire: WireType.LengthDelimited, read: (r) => r.bytes() },
  int32: { wire: WireType.Varint, read: (r) => r.int32() },
  int64: { wire: WireType.Varint, read: (r) => Number(r.int64()) },
  bigint64: { wire: WireType.Varint, read: (r) => BigInt(r.int64()) },
  biguint64: { wire: WireType.Varint, read: (r) => BigInt(r.uint64()) },
  float: { wire: WireType.Bit32, read: (r) => r.float() },
  double: { wire: WireType.Bit64, read: (r) => r.double() },
};

/**
 * Reads a message. Byte fields are views into `bytes`.
 *
 * @throws {ProtoError} If the bytes are truncated or are not a protobuf message of this kind.
 */
export function readMessage<T>(table: MessageTable, bytes: Uint8Array): T {
  const reader = new LimitedReader(bytes);
  try {
    return readFields(reader, table, bytes.length) as T;
  } catch (error) {
    if (error instanceof ProtoError) throw error;
    const told = error instanceof Error ? error.message : String(error);
    const detail = told.includes("DataView") ? "premature EOF" : told;
    throw new ProtoError(detail, Math.min(reader.pos, bytes.length));
  }
}

class LimitedReader extends BinaryReader {
  readonly limits: Limits;

  constructor(bytes: Uint8Array) {
    super(bytes);
    this.limits = new Limits(bytes.length);
  }
}

function readFields(reader: LimitedReader, table: MessageTable, end: number): unknown {
  const message: Record<string, unknown> = {};
  while (reader.pos < end) {
    const start = reader.pos;
    const [number, wire] = reader.tag();
    const field = table[number];
    if (field === undefined) {
      checkWire(wire, number, start);
      reader.skip(wire, number);
    } else readField(reader, message, field, wire, start);
  }
  if (reader.pos > end) {
    throw new ProtoError(`a field runs ${reader.pos - end} bytes past its message`, end);
  }
  return message;
}

function checkWire(wire: WireType, number: number, offset: number): void {
  if (wire === WireType.StartGroup || wire === WireType.EndGroup) {
    throw new ProtoError(`field ${number} has wire type ${wire}, which ONNX does not use`, offset);
  }
}

function readField(
  reader: LimitedReader,
  message: Record<string, unknown>,
  field: Field,
  wire: WireType,
  start: number,
): void {
  const { name, kind } = field;
  const scalar = typeof kind === "function" ? undefined : scalars[kind];
  const expected = scalar?.wire ?? WireType.LengthDelimited;
  if (field.repeated) {
    const list = (message[name] ??= listOf(kind)) as List;
    if (wire === expected) message[name] = appended(list, readValue(reader, kind, scalar));
    else if (wire === WireType.LengthDelimited) message[name] = readPacked(reader, scalar!, list);
    else throw wrongWire(name, wire, start);
  } else if (wire === expected) {
    message[name] = readValue(reader, kind, scalar);
  } else throw wrongWire(name, wire, start);
}

function wrongWire(name: string, wire: WireType, offset: number): ProtoError {
  return new ProtoError(`field "${name}" has wire type ${wire}`, offset);
}

function readValue(reader: LimitedReader, kind: FieldKind, scalar: Scalar | undefined): unknown {
  if (scalar !== undefined && scalar.wire !== WireType.LengthDelimited) return scalar.read(reader);
  const start = reader.pos;
  reader.limits.part(start);
  const length = reader.uint32();
  const end = reader.pos + length;
  checkEnd(reader, end, start);
  if (typeof kind === "function") {
    return reader.limits.within(start, () => readFields(reader, kind(), end));
  }
  reader.pos = start;
  return scalar!.read(reader);
}

/** Values of a repeated field; 64-bit integers lie side by side, not each for itself. */
type List = unknown[] | BigInt64Array | BigUint64Array;

function listOf(kind: FieldKind): List {
  if (kind === "bigint64") return new BigInt64Array();
  return kind === "biguint64" ? new BigUint64Array() : [];
}

function appended(list: List, value: unknown): List {
  if (Array.isArray(list)) {
    list.push(value);
    return list;
  }
  return joined(list, [value as bigint]);
}

/** A longer list; its buffer has room for as much again, so that one by one is not slow. */
function joined(list: BigInt64Array | BigUint64Array, values: readonly bigint[]): List {
  const length = list.length + values.length;
  const Row = list.constructor as BigInt64ArrayConstructor;
  const room = list.byteOffset === 0 ? list.buffer.byteLength / 8 : 0;
  const buffer = length <= room ? list.buffer : new ArrayBuffer(Math.max(length, 2 * room) * 8);
  const longer = new Row(buffer, 0, length);
  if (buffer !== list.buffer) longer.set(list as BigInt64Array);
  longer.set(values, list.length);
  return longer;
}

/** Values are taken over in portions, so that never all of them are there twice. */
const portion = 1024;

function readPacked(reader: LimitedReader, scalar: Scalar, list: List): List {
  const start = reader.pos;
  const length = reader.uint32();
  const end = reader.pos + length;
  checkEnd(reader, end, start);
  if (Array.isArray(list)) {
    while (reader.pos < end) list.push(scalar.read(reader));
    return list;
  }
  let longer = list;
  while (reader.pos < end) {
    const values: bigint[] = [];
    while (reader.pos < end && values.length < portion) values.push(scalar.read(reader) as bigint);
    longer = joined(longer, values) as BigInt64Array;
  }
  return longer;
}

function checkEnd(reader: LimitedReader, end: number, offset: number): void {
  if (end > reader.len) {
    const present = reader.len - reader.pos;
    throw new ProtoError(
      `a field of ${end - reader.pos} bytes starts here, the file has ${present} more`,
      offset,
    );
  }
}
