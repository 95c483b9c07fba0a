import { assertEquals } from "@std/assert";
import { readLines } from "../../lib/trust/read_lines.ts";

Deno.test("readLines() puts lines together whose pieces arrive one by one", async () => {
  const cases: readonly (readonly [pieces: readonly string[], lines: readonly string[]])[] = [
    [[], []],
    [["a\n"], ["a"]],
    [["a", "b", "c\nd"], ["abc", "d"]],
    [["\n", "\n\na"], ["", "", "", "a"]],
    [["one\ntw", "o\nthree\n", "four"], ["one", "two", "three", "four"]],
    // A character of several bytes, cut in two.
    [["\u00c3", "\u00a9\n"], ["é"]],
  ];
  for (const [pieces, lines] of cases) {
    const stream = ReadableStream.from(pieces.map((piece) => bytesOf(piece)));
    assertEquals(await Array.fromAsync(readLines(stream)), lines);
  }
});

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
