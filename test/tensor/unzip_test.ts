import { assertEquals, assertThrows } from "@std/assert";
import { deflateRawSync } from "node:zlib";
import { decodeZip, ZipError, zipNames } from "../../lib/tensor/unzip.ts";
import { encodeZip } from "../../lib/tensor/zip.ts";

const content = new Uint8Array(1000).fill(7);

/** An archive of one stored file, changed into one that is packed. */
function packed(change: (view: DataView, directory: number) => void = () => {}): Uint8Array {
  const stream = new Uint8Array(deflateRawSync(content));
  const bytes = encodeZip({ x: stream });
  const stored = new DataView(encodeZip({ x: content }).buffer);
  const view = new DataView(bytes.buffer);
  const directory = view.getUint32(bytes.length - 6, true);
  const was = stored.getUint32(stored.byteLength - 6, true);
  view.setUint16(directory + 10, 8, true);
  view.setUint32(directory + 16, stored.getUint32(was + 16, true), true);
  view.setUint32(directory + 24, content.length, true);
  change(view, directory);
  return bytes;
}

Deno.test("decodeZip() reads stored and deflated files", () => {
  assertEquals(decodeZip(encodeZip({ x: content, "a/b": new Uint8Array() })).get("x"), content);
  assertEquals(decodeZip(packed()).get("x"), content);
  assertEquals(zipNames(packed()), ["x"]);
  assertEquals(decodeZip(encodeZip({})).size, 0);
});

Deno.test("decodeZip() reads sizes of 64 bits", () => {
  const plain = encodeZip({ x: content });
  const at = new DataView(plain.buffer).getUint32(plain.length - 6, true);
  const field = new DataView(new ArrayBuffer(28));
  field.setUint16(0, 1, true);
  field.setUint16(2, 24, true);
  [1000n, 1000n, 0n].forEach((size, i) => field.setBigUint64(4 + 8 * i, size, true));
  const entry = plain.slice(at, plain.length - 22);
  const view = new DataView(entry.buffer);
  for (const place of [20, 24, 42]) view.setUint32(place, 0xffffffff, true);
  view.setUint16(30, 28, true);
  const end = plain.slice(-22);
  new DataView(end.buffer).setUint32(12, entry.length + 28, true);
  const extra = new Uint8Array(field.buffer);
  const bytes = Uint8Array.from([...plain.subarray(0, at), ...entry, ...extra, ...end]);
  assertEquals(decodeZip(bytes).get("x"), content);
});

Deno.test("decodeZip() says what is wrong with an archive", () => {
  const two = encodeZip({ x: content, y: content });
  const directory = new DataView(two.buffer).getUint32(two.length - 6, true);
  const overlapping = two.slice();
  new DataView(overlapping.buffer).setUint32(directory + 47 + 42, 0, true);
  const same = two.slice();
  same[directory + 47 + 46] = "x".charCodeAt(0);
  const cases: readonly [Uint8Array, string][] = [
    [new Uint8Array(5), "5 bytes without a directory at their end, the file is cut off"],
    [packed((view, at) => view.setUint16(at + 8, 1, true)), '"x" is encrypted'],
    [packed((view, at) => view.setUint16(at + 10, 12, true)), '"x" is packed by method 12'],
    [packed((view, at) => view.setUint32(at + 24, 999, true)), "cannot be unpacked to 999 bytes"],
    [
      packed((view, at) => view.setUint32(at + 24, 1001, true)),
      "should have 1001 bytes, it has 1000",
    ],
    [
      packed((view, at) => view.setUint32(at + 24, 2 ** 31, true)),
      "more than 128 MiB would be needed",
    ],
    [packed((view, at) => view.setUint32(at + 16, 0, true)), 'the checksum of "x" is wrong'],
    [
      packed((view, at) => view.setUint32(at + 20, 5000, true)),
      "should have 5000 bytes, the file is",
    ],
    [packed((view, at) => view.setUint32(at, 0, true)), "there is no directory entry at byte"],
    [overlapping, 'its files "x" and "y" overlap'],
    [same, 'it has two files "x"'],
  ];
  for (const [bytes, message] of cases) assertThrows(() => decodeZip(bytes), ZipError, message);
});
