import { assertEquals } from "@std/assert";
import { notA, orKind } from "../../lib/data/file_kind.ts";

const text = new TextEncoder();

/** How files begin, and what is said of them where a tar archive is expected. */
const kinds: readonly (readonly [start: Uint8Array, said: string])[] = [
  [new Uint8Array(0), "it is not a tar archive"],
  [text.encode("hello"), "it is not a tar archive"],
  [text.encode("<html>"), "it is not a tar archive but a web page"],
  [
    text.encode("version https://git-lfs.github.com/spec/v1"),
    "it is not a tar archive but a pointer of Git LFS; fetch the file itself: git lfs pull",
  ],
  [
    Uint8Array.of(0x1f, 0x8b, 8),
    "it is not a tar archive but compressed by gzip; unpack it first: gunzip FILE",
  ],
  [
    Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0),
    "it is not a tar archive but compressed by xz; unpack it first: unxz FILE",
  ],
  [
    Uint8Array.of(0x04, 0x22, 0x4d, 0x18),
    "it is not a tar archive but compressed by lz4; unpack it first: unlz4 FILE",
  ],
  [text.encode("7z\xbc\xaf"), "it is not a tar archive"],
  [
    Uint8Array.of(0x37, 0x7a, 0xbc, 0xaf),
    "it is not a tar archive but a 7z archive; unpack it first: 7z x FILE",
  ],
  [text.encode("PAR1"), "it is not a tar archive but a Parquet file; name it with parquet: PATH"],
  [Uint8Array.of(0xff, 0xd8, 0xff), "it is not a tar archive but a JPEG image"],
  [text.encode("\0\0\0\x10ftypavif\0\0\0\0"), "it is not a tar archive but an AVIF image"],
];

for (const [start, said] of kinds) {
  Deno.test(`notA() says of ${JSON.stringify([...start.subarray(0, 6)])}: ${said}`, () => {
    assertEquals(notA("a tar archive", start), said);
    const isKnown = said.includes(" but ");
    assertEquals(orKind("it is cut off", "a tar archive", start), isKnown ? said : "it is cut off");
  });
}
