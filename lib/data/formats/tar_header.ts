/** The fields of a tar header, and the records of pax. @module */
import { dataFailure, quoted } from "../data_failure.ts";
import { notA } from "../file_kind.ts";

const decoder = new TextDecoder();

/**
 * Checks that a block is a header: the sum of its bytes, that field taken for blanks, is in it.
 *
 * @throws {DiagnosticError} If it is not: with what the file is, where that is known.
 */
export function checkHeader(header: Uint8Array, offset: number, what: string): void {
  const told = numberIn(header, 148, 8);
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (sum === told) return;
  if (offset > 0) {
    throw dataFailure(what, `there is no file at byte ${offset}: it is damaged or cut off`);
  }
  throw dataFailure(what, notA("a tar archive", header));
}

/** Text up to its end or a zero byte. */
export function textIn(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

const text = (header: Uint8Array, start: number, length: number) =>
  textIn(header.subarray(start, start + length));

/** The name of an entry. */
export function nameIn(header: Uint8Array): string {
  const isPosix = text(header, 257, 5) === "ustar" && header[262] === 0;
  const prefix = isPosix ? text(header, 345, 155) : "";
  return (prefix === "" ? "" : `${prefix}/`) + text(header, 0, 100);
}

/** The name that a link leads to. */
export const linkIn = (header: Uint8Array): string => text(header, 157, 100);

/** Octal digits, or from 8 GiB on bytes behind a set bit; NaN for any others, or too large a number. */
export function numberIn(header: Uint8Array, start: number, length: number): number {
  if ((header[start]! & 0x80) === 0) {
    const digits = text(header, start, length).trim();
    return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : digits === "" ? 0 : NaN;
  }
  let value = header[start]! & 0x7f;
  for (let i = 1; i < length; i++) value = value * 256 + header[start + i]!;
  return wholeNumber(value);
}

const wholeNumber = (value: number) => Number.isSafeInteger(value) ? value : NaN;

/** What the records of pax say of the next entry. */
export interface PaxFields {
  readonly name?: string;
  readonly link?: string;
  readonly bytes?: number;
  readonly isSparse?: boolean;
}

/**
 * The `LENGTH KEY=VALUE` records of pax about the next entry; a value may have any bytes.
 *
 * @throws {DiagnosticError} If a length leads elsewhere than to the end of its record.
 */
export function paxFields(content: Uint8Array, what: string): PaxFields {
  let fields: PaxFields = {};
  for (let at = 0; at < content.length && content[at] !== 0;) {
    const digits = /^(\d+) /.exec(decoder.decode(content.subarray(at, at + 20)))?.[1] ?? "";
    const end = at + Number(digits);
    const equals = content.indexOf(0x3d, at);
    const key = decoder.decode(content.subarray(at + digits.length + 1, equals));
    if (digits === "" || equals < 0 || equals >= end || content[end - 1] !== newLine) {
      const start = decoder.decode(content.subarray(at, at + 40)).split("\n", 1)[0]!;
      throw dataFailure(
        what,
        `a pax record in it, ${quoted(start)}, is not as long as it says: the archive is damaged`,
      );
    }
    const value = decoder.decode(content.subarray(equals + 1, end - 1));
    fields = { ...fields, ...fieldOf(key, value) };
    at = end;
  }
  return fields;
}

const newLine = 0x0a;

function fieldOf(key: string, value: string): PaxFields {
  if (key === "path") return { name: value };
  if (key === "linkpath") return { link: value };
  if (key === "size") return { bytes: wholeNumber(/^\d+$/.test(value) ? Number(value) : NaN) };
  return key.startsWith("GNU.sparse.") ? { isSparse: true } : {};
}
