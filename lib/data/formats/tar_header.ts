/** The fields of a tar header, and the records of pax. @module */
import { dataFailure } from "../data_failure.ts";
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

/** Octal digits, or from 8 GiB on bytes behind a set bit. */
export function numberIn(header: Uint8Array, start: number, length: number): number {
  if ((header[start]! & 0x80) === 0) {
    const digits = text(header, start, length).trim();
    return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : digits === "" ? 0 : NaN;
  }
  let value = header[start]! & 0x7f;
  for (let i = 1; i < length; i++) value = value * 256 + header[start + i]!;
  return Number.isSafeInteger(value) ? value : NaN;
}

/** The `LENGTH KEY=VALUE` records of pax about the next entry; a value may have any bytes. */
export function paxFields(content: Uint8Array): {
  name?: string;
  link?: string;
  bytes?: number;
  isSparse?: boolean;
} {
  const fields: ReturnType<typeof paxFields> = {};
  for (let at = 0; at < content.length;) {
    const digits = /^(\d+) /.exec(decoder.decode(content.subarray(at, at + 20)))?.[1];
    if (digits === undefined || Number(digits) <= digits.length) break;
    const record = content.subarray(at + digits.length + 1, at + Number(digits) - 1);
    const equals = record.indexOf(0x3d);
    const key = decoder.decode(record.subarray(0, equals));
    const value = decoder.decode(record.subarray(equals + 1));
    if (key === "path") fields.name = value;
    else if (key === "linkpath") fields.link = value;
    else if (key === "size") fields.bytes = /^\d+$/.test(value) ? Number(value) : NaN;
    else if (key.startsWith("GNU.sparse.")) fields.isSparse = true;
    at += Number(digits);
  }
  return fields;
}
