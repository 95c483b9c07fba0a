import { assertEquals } from "@std/assert";
import { readLines, type ReadLinesOptions } from "../../lib/trust/read_lines.ts";

const long = "x".repeat(1 << 20);
const half = "x".repeat(1 << 19);

function linesOf(
  pieces: Iterable<string>,
  options: ReadLinesOptions = {},
): Promise<readonly string[]> {
  return Array.fromAsync(
    readLines(ReadableStream.from([...pieces].map((piece) => bytesOf(piece))), options),
  );
}

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
  for (const [pieces, lines] of cases) assertEquals(await linesOf(pieces), lines);
});

Deno.test("readLines() gives a long line in pieces, and loses nothing of it", async () => {
  const cases: readonly (readonly [pieces: readonly string[], lines: readonly string[]])[] = [
    [[half, half, "rest\nnext"], [long, "rest", "next"]],
    // Its end is no line of its own, but an empty line after it is one.
    [[half, half, "\nnext\n"], [long, "next"]],
    [[half, half, "\n\n"], [long, ""]],
    [["a\n", half, half, half, half], ["a", long, long]],
    // A message is a text like another where none is expected.
    [["\x1e", half, half, "rest\n"], [`\x1e${long}`, "rest"]],
  ];
  for (const [pieces, lines] of cases) {
    // Not assertEquals, which would compare and print megabytes.
    assertEquals((await linesOf(pieces)).map(brief), lines.map(brief));
  }
});

Deno.test("readLines() keeps a message whole wherever it starts", async () => {
  const cases: readonly (readonly [pieces: readonly string[], lines: readonly string[]])[] = [
    [["\x1e", half, half, half, half, "\nnext"], [`\x1e${long}${long}`, "next"]],
    [["printed\x1e", half, half, "{}\n"], [`printed\x1e${long}{}`]],
    [[half, half, "printed", "\x1e", half, half, "\n"], [long, `printed\x1e${long}`]],
    [["first\n\x1e", half, half, "\n"], ["first", `\x1e${long}`]],
  ];
  for (const [pieces, lines] of cases) {
    const read = await linesOf(pieces, { messageStart: "\x1e" });
    assertEquals(read.map(brief), lines.map(brief));
  }
});

Deno.test("readLines() can be given more than a text can hold", async () => {
  const piece = new Uint8Array(1 << 20).fill(120);
  for (const first of ["", "\x1e"]) {
    let pieces = 600;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytesOf(`${first}x`)),
      pull: (controller) => pieces-- > 0 ? controller.enqueue(piece) : controller.close(),
    });
    let length = 0;
    for await (const line of readLines(stream, { messageStart: "\x1e" })) length += line.length;
    assertEquals(length, first.length + 1 + 600 * piece.length);
  }
});

function brief(line: string): string {
  return line.length < 100 ? line : `${line.slice(0, 20)}…${line.slice(-20)} ${line.length}`;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
