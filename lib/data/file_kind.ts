/** Says what a file is that was taken for another, by its first bytes. @module */
import { formatOf, strangerIn } from "../vision/image_formats.ts";
import { toParquet } from "./other_formats.ts";

/** How kinds of files begin, and what they are, with what to do about it. */
const kinds: readonly (readonly [start: readonly number[], kind: string])[] = [
  [[0x1f, 0x8b], "compressed by gzip; unpack it first: gunzip FILE"],
  [[0x42, 0x5a, 0x68], "compressed by bzip2; unpack it first: bunzip2 FILE"],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], "compressed by xz; unpack it first: unxz FILE"],
  [[0x5d, 0, 0], "compressed by LZMA; unpack it first: unlzma FILE"],
  [[0x28, 0xb5, 0x2f, 0xfd], "compressed by zstd; unpack it first: unzstd FILE"],
  [[0x04, 0x22, 0x4d, 0x18], "compressed by lz4; unpack it first: unlz4 FILE"],
  [[0x1f, 0x9d], "compressed by compress; unpack it first: uncompress FILE"],
  [[0x50, 0x4b, 3, 4], "a zip archive, as spreadsheets are too; unpack or export it first"],
  [[0x37, 0x7a, 0xbc, 0xaf], "a 7z archive; unpack it first: 7z x FILE"],
  [[0x52, 0x61, 0x72, 0x21], "a RAR archive; unpack it first: unrar x FILE"],
  [[0x50, 0x41, 0x52, 0x31], "a Parquet file; name it with parquet: PATH"],
  [[0x41, 0x52, 0x52, 0x4f, 0x57, 0x31], `Arrow, of Hugging Face's library; ${toParquet}`],
  [[0xff, 0xff, 0xff, 0xff], `Arrow, of Hugging Face's library; ${toParquet}`],
  [[0x89, 0x48, 0x44, 0x46], "an HDF5 file"],
];

/** What a file is, in words that go on from "it is"; `undefined` where nothing is known of it. */
export function fileKind(start: Uint8Array): string | undefined {
  const image = formatOf(start);
  if (image !== undefined) {
    return `${/^[AEIOU]/.test(image.title) ? "an" : "a"} ${image.title} image`;
  }
  return kinds.find(([mark]) => mark.every((byte, i) => start[i] === byte))?.[1] ??
    strangerIn(start);
}

/** What is wrong with a file: that it is of another kind, where that is known, or `cause`. */
export function orKind(cause: string, expected: string, start: Uint8Array): string {
  return fileKind(start) === undefined ? cause : notA(expected, start);
}

/** The words for a file that is not what it should be: "it is not a tar archive but a web page". */
export function notA(expected: string, start: Uint8Array): string {
  const kind = fileKind(start);
  return `it is not ${expected}${kind === undefined ? "" : ` but ${kind}`}`;
}
