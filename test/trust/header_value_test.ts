import { assertEquals, assertThrows } from "@std/assert";
import { unsendable } from "../../lib/trust/header_value.ts";

const sendable = ["hf_x", "é b", "hf_x\r\n", "a\tb"];

const wrongs: readonly [secret: string, place: number, code: string][] = [
  ["hf_–x", 4, "U+2013"],
  ["😀hf_–x", 1, "U+1F600"],
  ["a\nb", 2, "U+000A"],
  ["a\0", 2, "U+0000"],
  ["a\u2028", 2, "U+2028"],
  ["\ufeffhf_x", 1, "U+FEFF"],
];

Deno.test("unsendable() lets through what a header holds, and names no more than a character", () => {
  for (const secret of sendable) {
    assertEquals(unsendable("HF_TOKEN", secret), undefined);
    new Headers({ authorization: secret });
  }
  for (const [secret, place, code] of wrongs) {
    const cause = `character ${place} of HF_TOKEN is ${code}, which cannot be sent`;
    assertEquals(unsendable("HF_TOKEN", secret), cause);
    assertThrows(() => new Headers({ authorization: secret }));
  }
});
