import { assertEquals, assertThrows } from "@std/assert";
import { readPipelineText } from "../../lib/workspace/read_pipeline_text.ts";

const utf8 = (text: string) => [...new TextEncoder().encode(text)];

const texts: readonly [string, number[]][] = [
  ["é: \ufffd", utf8("é: \ufffd")],
  ["a: 1\n", utf8("\ufeffa: 1\n")],
];

const wrongs: readonly [line: number, byte: string, bytes: number[]][] = [
  [1, "E9", [0xe9]],
  [3, "E9", [...utf8("é: \ufffd\n\n"), 0x61, 0xe9, 0x0a]],
  [1, "FF", [0xff, 0xfe, 0x61, 0x00]],
];

Deno.test("readPipelineText() takes UTF-8 and tells where a file is none", async () => {
  const path = await Deno.makeTempFile();
  for (const [text, bytes] of texts) {
    await Deno.writeFile(path, new Uint8Array(bytes));
    assertEquals(readPipelineText(path), text);
  }
  for (const [line, byte, bytes] of wrongs) {
    await Deno.writeFile(path, new Uint8Array(bytes));
    const cause = `line ${line} is not UTF-8, it has the byte 0x${byte}: save it as UTF-8`;
    assertThrows(() => readPipelineText(path), RangeError, cause);
  }
  await Deno.remove(path);
});
