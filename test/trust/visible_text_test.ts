import { assertEquals } from "@std/assert";
import { markdownText, visibleJson, visibleText } from "../../lib/trust/visible_text.ts";

const shown: readonly (readonly [text: string, visible: string])[] = [
  ["plain text\n\twith breaks\r\n", "plain text\n\twith breaks\r\n"],
  ["\x1b]0;title\x07\x1b[31m", "␛]0;title␇␛[31m"],
  ["10%\r20%", "10%␍20%"],
  ["\x7f\x9b", "␡<U+009B>"],
  ["a\u202etxt.exe", "a<U+202E>txt.exe"],
  ["é 日本 🙂", "é 日本 🙂"],
];

Deno.test("visibleText() shows what a terminal would obey", () => {
  for (const [text, visible] of shown) assertEquals(visibleText(text), visible);
});

Deno.test("visibleJson() keeps the value", () => {
  for (const [text] of shown) {
    const json = visibleJson(JSON.stringify({ text }));
    assertEquals(JSON.parse(json), { text });
    assertEquals(visibleText(json), json);
  }
});

Deno.test("markdownText() is text and nothing else", () => {
  assertEquals(markdownText("a | <b>\n# c"), "a \\| &lt;b> # c");
  assertEquals(markdownText("![x](http://host/?q)"), "!\\[x]\\(http://host/?q)");
});
