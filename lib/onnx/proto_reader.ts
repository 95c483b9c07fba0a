/** Reads protobuf bytes by a table of fields, without copying byte fields. @module */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { Field, FieldKind, MessageTable } from "./proto.ts";

/** What is wrong with the bytes, and where. */
export class ProtoError extends SyntaxError {
  override readonly name = "ProtoError";
  /** Offset of the first byte that makes no sense. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
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
 * @throws {ProtoError} If the bytes are truncated or are no protobuf message of this kind.
 */
export function readMessage<T>(table: MessageTable, bytes: Uint8Array): T {
  const reader = new BinaryReader(bytes);
  try {
    return readFields(reader, table, bytes.length) as T;
  } catch (error) {
    if (error instanceof ProtoError) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    throw new ProtoError(detail, Math.min(reader.pos, bytes.length));
  }
}

function readFields(reader: BinaryReader, table: MessageTable, end: number): unknown {
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
  reader: BinaryReader,
  message: Record<string, unknown>,
  field: Field,
  wire: WireType,
  start: number,
): void {
  const { name, kind } = field;
  const scalar = typeof kind === "function" ? undefined : scalars[kind];
  const expected = scalar?.wire ?? WireType.LengthDelimited;
  if (field.repeated) {
    const list = (message[name] ??= []) as unknown[];
    if (wire === expected) list.push(readValue(reader, kind, scalar));
    else if (wire === WireType.LengthDelimited) readPacked(reader, scalar!, list);
    else throw wrongWire(name, wire, start);
  } else if (wire === expected) {
    message[name] = readValue(reader, kind, scalar);
  } else throw wrongWire(name, wire, start);
}

function wrongWire(name: string, wire: WireType, offset: number): ProtoError {
  return new ProtoError(`field "${name}" has wire type ${wire}`, offset);
}

function readValue(reader: BinaryReader, kind: FieldKind, scalar: Scalar | undefined): unknown {
  if (scalar !== undefined && scalar.wire !== WireType.LengthDelimited) return scalar.read(reader);
  const start = reader.pos;
  const length = reader.uint32();
  const end = reader.pos + length;
  checkEnd(reader, end, start);
  if (typeof kind === "function") return readFields(reader, kind(), end);
  reader.pos = start;
  return scalar!.read(reader);
}

function readPacked(reader: BinaryReader, scalar: Scalar, list: unknown[]): void {
  const start = reader.pos;
  const length = reader.uint32();
  const end = reader.pos + length;
  checkEnd(reader, end, start);
  while (reader.pos < end) list.push(scalar.read(reader));
}

function checkEnd(reader: BinaryReader, end: number, offset: number): void {
  if (end > reader.len) {
    const present = reader.len - reader.pos;
    throw new ProtoError(
      `a field of ${end - reader.pos} bytes starts here, the file has ${present} more`,
      offset,
    );
  }
}
