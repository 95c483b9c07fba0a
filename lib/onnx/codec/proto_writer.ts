/**
 * Writes protobuf bytes by a table of fields: one pass measures, the next writes into a buffer of just
 * that size, so that a large weight is copied once however deep it lies.
 *
 * @module
 */
import { WireType } from "@bufbuild/protobuf/wire";
import type { Field, FieldKind, MessageTable } from "./proto.ts";

type ScalarKind = Exclude<FieldKind, () => MessageTable>;
type Message = Readonly<Record<string, unknown>>;

/** Writes a message whose fields are named as in `table`; absent fields are left out. */
export function writeMessage(table: MessageTable, message: object): Uint8Array {
  const sizes: number[] = [];
  const size = measureFields(table, message as Message, sizes);
  const output = new Output(size, sizes);
  writeFields(table, message as Message, output);
  return output.bytes;
}

interface Scalar {
  readonly wire: WireType;
  readonly size: (value: never) => number;
  readonly write: (output: Output, value: never) => void;
}

const scalars: Readonly<Record<ScalarKind, Scalar>> = {
  string: {
    wire: WireType.LengthDelimited,
    size: (v: string) => blockSize(utf8Size(v)),
    write: (o, v: string) => o.text(v),
  },
  bytes: {
    wire: WireType.LengthDelimited,
    size: (v: Uint8Array) => blockSize(v.length),
    write: (o, v: Uint8Array) => o.block(v),
  },
  int32: { wire: WireType.Varint, size: integerSize, write: (o, v: number) => o.integer(v) },
  int64: { wire: WireType.Varint, size: integerSize, write: (o, v: number) => o.integer(v) },
  bigint64: { wire: WireType.Varint, size: bigSize, write: (o, v: bigint) => o.big(v) },
  biguint64: { wire: WireType.Varint, size: bigSize, write: (o, v: bigint) => o.big(v) },
  float: { wire: WireType.Bit32, size: () => 4, write: (o, v: number) => o.float(v) },
  double: { wire: WireType.Bit64, size: () => 8, write: (o, v: number) => o.double(v) },
};

/** Bytes of a varint of a number from 0 to 2⁵³. */
function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest /= 128) size++;
  return size;
}

function integerSize(value: number): number {
  return isPlain(value) ? varintSize(value) : bigSize(toInt64(value));
}

function isPlain(value: number): boolean {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

const maxInt64 = 2n ** 63n - 1n;

/** A value that cannot be written as its field. */
export class WriteError extends TypeError {
  override readonly name = "WriteError";
}

/** Doubles near 2⁶³ represent the largest int64, as which "to the end" of a Slice is written. */
function toInt64(value: number): bigint {
  if (!Number.isInteger(value)) {
    throw new WriteError(`Cannot encode model: ${value} is not an integer`);
  }
  const big = BigInt(value);
  return big > maxInt64 ? maxInt64 : big;
}

function bigSize(value: bigint): number {
  let size = 1;
  for (let rest = BigInt.asUintN(64, value) >> 7n; rest > 0n; rest >>= 7n) size++;
  return size;
}

function blockSize(size: number): number {
  return varintSize(size) + size;
}

function utf8Size(text: string): number {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 127) return new TextEncoder().encode(text).length;
  }
  return text.length;
}

function isPacked(field: Field): boolean {
  return field.repeated && typeof field.kind !== "function" &&
    scalars[field.kind].wire !== WireType.LengthDelimited;
}

function itemsOf(field: Field, value: unknown): readonly unknown[] {
  return field.repeated ? value as readonly unknown[] : [value];
}

/** Size of a message; sizes of the messages and packed lists in it are noted in the order of writing. */
function measureFields(table: MessageTable, message: Message, sizes: number[]): number {
  let size = 0;
  for (const number in table) {
    const field = table[number]!;
    const value = message[field.name];
    if (value === undefined) continue;
    const tag = varintSize(Number(number) << 3);
    if (isPacked(field)) size += measurePacked(field, value as unknown[], tag, sizes);
    else for (const item of itemsOf(field, value)) size += tag + measureItem(field, item, sizes);
  }
  return size;
}

function measurePacked(
  field: Field,
  values: readonly unknown[],
  tag: number,
  sizes: number[],
): number {
  if (values.length === 0) return 0;
  const scalar = scalars[field.kind as ScalarKind];
  let size = 0;
  for (const value of values) size += scalar.size(value as never);
  sizes.push(size);
  return tag + blockSize(size);
}

function measureItem({ kind }: Field, item: unknown, sizes: number[]): number {
  if (typeof kind !== "function") return scalars[kind].size(item as never);
  const at = sizes.push(0) - 1;
  const size = measureFields(kind(), item as Message, sizes);
  sizes[at] = size;
  return blockSize(size);
}

function writeFields(table: MessageTable, message: Message, output: Output): void {
  for (const number in table) {
    const field = table[number]!;
    const value = message[field.name];
    if (value === undefined) continue;
    if (isPacked(field)) writePacked(Number(number), field, value as unknown[], output);
    else for (const item of itemsOf(field, value)) writeItem(Number(number), field, item, output);
  }
}

function writePacked(
  number: number,
  field: Field,
  values: readonly unknown[],
  output: Output,
): void {
  if (values.length === 0) return;
  output.tag(number, WireType.LengthDelimited);
  output.nextSize();
  for (const value of values) scalars[field.kind as ScalarKind].write(output, value as never);
}

function writeItem(number: number, { kind }: Field, item: unknown, output: Output): void {
  if (typeof kind !== "function") {
    output.tag(number, scalars[kind].wire);
    scalars[kind].write(output, item as never);
    return;
  }
  output.tag(number, WireType.LengthDelimited);
  output.nextSize();
  writeFields(kind(), item as Message, output);
}

/** A buffer that is filled from front to back, given the sizes of nested messages. */
class Output {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #sizes: readonly number[];
  #offset = 0;
  #next = 0;

  constructor(size: number, sizes: readonly number[]) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
    this.#sizes = sizes;
  }

  tag(number: number, wire: WireType): void {
    this.#varint((number << 3) | wire);
  }

  nextSize(): void {
    this.#varint(this.#sizes[this.#next++]!);
  }

  integer(value: number): void {
    if (isPlain(value)) this.#varint(value);
    else this.big(toInt64(value));
  }

  big(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    for (; rest > 127n; rest >>= 7n) this.bytes[this.#offset++] = Number(rest & 127n) | 128;
    this.bytes[this.#offset++] = Number(rest);
  }

  float(value: number): void {
    this.#view.setFloat32(this.#offset, value, true);
    this.#offset += 4;
  }

  double(value: number): void {
    this.#view.setFloat64(this.#offset, value, true);
    this.#offset += 8;
  }

  block(value: Uint8Array): void {
    this.#varint(value.length);
    this.bytes.set(value, this.#offset);
    this.#offset += value.length;
  }

  text(value: string): void {
    const size = utf8Size(value);
    this.#varint(size);
    if (size === value.length) {
      for (let i = 0; i < size; i++) this.bytes[this.#offset + i] = value.charCodeAt(i);
    } else new TextEncoder().encodeInto(value, this.bytes.subarray(this.#offset));
    this.#offset += size;
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) {
      this.bytes[this.#offset++] = (rest % 128) | 128;
    }
    this.bytes[this.#offset++] = rest;
  }
}
