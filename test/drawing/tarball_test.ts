import { assertEquals, assertThrows } from "@std/assert";
import { gunzip, readTar } from "../../lib/drawing/tarball.ts";
import { gzip, packTar } from "../datasets/tar.ts";

const files = {
  "package/a.json": "{}",
  "package/deep/b.txt": "é".repeat(400),
  "package/empty": "",
};

Deno.test("readTar() reads files without the leading folder", async () => {
  const read = readTar(await gunzip(await gzip(packTar(files))));
  const texts = [...read].map(([path, bytes]) => [path, new TextDecoder().decode(bytes)]);
  assertEquals(texts, [["a.json", "{}"], ["deep/b.txt", "é".repeat(400)], ["empty", ""]]);
});

Deno.test("readTar() rejects an archive that ends inside a file", () => {
  assertThrows(
    () => readTar(packTar(files).subarray(0, 1700)),
    SyntaxError,
    'Cannot read tar archive: file "package/deep/b.txt" of 800 bytes at 1536 passes its end at 1700',
  );
});
