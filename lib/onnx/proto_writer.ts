/** Writes protobuf bytes by a table of fields; large byte fields are copied once, at the end. @module */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Field, FieldKind, MessageTable } from "./proto.ts";

type ScalarKind = Exclude<FieldKind, () => MessageTable>;

interface Scalar {
  readonly wire: WireType;
  readonly write: (writer: BinaryWriter, value: never) => void;
}

const maxInt64 = 2n ** 63n - 1n;

/** Doubles near 2⁶³ stand for the largest int64, which "to the end" of a Slice is written as. */
function toInt64(value: number | bigint): bigint {
  const big = BigInt(value);
  return big > maxInt64 ? maxInt64 : big;
}

const scalars: Readonly<Record<ScalarKind, Scalar>> = {
  string: { wire: WireType.LengthDelimited, write: (w, v: string) => w.string(v) },
  bytes: { wire: WireType.LengthDelimited, write: (w, v: Uint8Array) => w.bytes(v) },
  int32: { wire: WireType.Varint, write: (w, v: number) => w.int32(v) },
  int64: { wire: WireType.Varint, write: writeInt64 },
  bigint64: { wire: WireType.Varint, write: (w, v: bigint) => w.int64(v) },
  biguint64: { wire: WireType.Varint, write: (w, v: bigint) => w.uint64(v) },
  float: { wire: WireType.Bit32, write: (w, v: number) => w.float(v) },
  double: { wire: WireType.Bit64, write: (w, v: number) => w.double(v) },
};

function writeInt64(writer: BinaryWriter, value: number): void {
  if (value >= 0 && value <= 0x7fffffff) writer.uint32(value);
  else writer.int64(toInt64(value));
}

/** Fields with more bytes than this are kept as views until everything is joined. */
const largeBytes = 4096;

/** Writes a message whose fields are named as in `table`; absent fields are left out. */
export function writeMessage(table: MessageTable, message: object): Uint8Array {
  const { parts, size } = partsOf(table, message as Message);
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

type Message = Readonly<Record<string, unknown>>;

function partsOf(table: MessageTable, message: Message): PartWriter {
  const writer = new PartWriter();
  for (const number in table) {
    const field = table[number]!;
    const value = message[field.name];
    if (value !== undefined) writeField(writer, Number(number), field, value);
  }
  writer.flush();
  return writer;
}

function writeField(writer: PartWriter, number: number, field: Field, value: unknown): void {
  if (isPacked(field)) {
    writer.packed(number, scalars[field.kind as ScalarKind], value as readonly unknown[]);
    return;
  }
  for (const item of field.repeated ? value as readonly unknown[] : [value]) {
    if (item instanceof Uint8Array) writer.block(number, [item], item.length);
    else if (typeof field.kind === "function") {
      const { parts, size } = partsOf(field.kind(), item as Message);
      writer.block(number, parts, size);
    } else writer.scalar(number, scalars[field.kind], item);
  }
}

function isPacked(field: Field): boolean {
  return field.repeated && typeof field.kind !== "function" &&
    scalars[field.kind].wire !== WireType.LengthDelimited;
}

/** Collects a message as a list of byte ranges, so that nesting copies no large field. */
class PartWriter {
  readonly parts: Uint8Array[] = [];
  size = 0;
  #writer = new BinaryWriter();

  scalar(number: number, scalar: Scalar, value: unknown): void {
    scalar.write(this.#writer.tag(number, scalar.wire), value as never);
  }

  packed(number: number, scalar: Scalar, values: readonly unknown[]): void {
    if (values.length === 0) return;
    this.#writer.tag(number, WireType.LengthDelimited).fork();
    for (const value of values) scalar.write(this.#writer, value as never);
    this.#writer.join();
  }

  block(number: number, parts: readonly Uint8Array[], size: number): void {
    this.#writer.tag(number, WireType.LengthDelimited).uint32(size);
    if (size <= largeBytes) {
      for (const part of parts) this.#writer.raw(part);
      return;
    }
    this.flush();
    for (const part of parts) this.#append(part);
  }

  flush(): void {
    this.#append(this.#writer.finish());
    this.#writer = new BinaryWriter();
  }

  #append(part: Uint8Array): void {
    if (part.length === 0) return;
    this.parts.push(part);
    this.size += part.length;
  }
}
