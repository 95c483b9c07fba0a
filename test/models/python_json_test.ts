import { assertEquals, assertThrows } from "@std/assert";
import { parsePythonJson } from "../../lib/models/python_json.ts";

Deno.test("parsePythonJson() reads Python's numbers and leaves texts alone", () => {
  const cases: readonly [string, unknown][] = [
    ['{"a": NaN}', { a: NaN }],
    ["[Infinity, -Infinity,NaN, 1]", [Infinity, -Infinity, NaN, 1]],
    ["NaN", NaN],
    ['{"NaN": "Infinity, -Infinity", "b": NaN}', { NaN: "Infinity, -Infinity", b: NaN }],
    ['{"a": "say \\"NaN\\" \\\\", "b": -Infinity}', { a: 'say "NaN" \\', b: -Infinity }],
    ['{"a": "\\u0000", "b": NaN}', { a: "\0", b: NaN }],
  ];
  for (const [text, value] of cases) assertEquals(parsePythonJson(text), value, text);
});

Deno.test("parsePythonJson() refuses what is not JSON", () => {
  for (const text of ["", "{", '{"a": NaN', '{"a": NaNa}', "[-NaN]", '["NaN]', "[nan]", "[1,]"]) {
    assertThrows(() => parsePythonJson(text), SyntaxError);
  }
});
