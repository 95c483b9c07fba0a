import { assertEquals, assertThrows } from "@std/assert";
import { parseYaml, YamlError, yamlNodes } from "../../lib/diagnostic/yaml_core.ts";
import { YamlPositions } from "../../lib/diagnostic/yaml_positions.ts";

/** Scalars by section 10.3.2 of YAML 1.2, and what other versions and languages make of them. */
const SCALARS: readonly (readonly [written: string, value: unknown])[] = [
  ["", null],
  ["~", null],
  ["null", null],
  ["NULL", null],
  ["nULL", "nULL"],
  ["true", true],
  ["False", false],
  ["TRUE", true],
  ["tRue", "tRue"],
  ["yes", "yes"],
  ["off", "off"],
  ["n", "n"],
  ["0", 0],
  ["007", 7],
  ["08", 8],
  ["010", 10],
  ["-010", -10],
  ["+12", 12],
  ["0o10", 8],
  ["0o8", "0o8"],
  ["-0o10", "-0o10"],
  ["0x1F", 31],
  ["0xG", "0xG"],
  ["0b11", "0b11"],
  ["1_000", "1_000"],
  ["190:20:30", "190:20:30"],
  ["1e3", 1000],
  ["1E-3", 0.001],
  ["010.5", 10.5],
  [".5", 0.5],
  ["5.", 5],
  ["1.2.3", "1.2.3"],
  ["1e", "1e"],
  [".inf", Infinity],
  ["-.INF", -Infinity],
  ["1e400", Infinity],
  ["1e16", 1e16],
  ["9007199254740993.0", 9007199254740992],
  ["9007199254740991", 9007199254740991],
  ["-9007199254740993", -9007199254740993n],
  ["0x20000000000001", 9007199254740993n],
  ["9".repeat(2000), Infinity],
  ["-.5E+999", -Infinity],
  ["12e4567x", "12e4567x"],
  ['"1e400"', "1e400"],
  [".nan", NaN],
  ["Infinity", "Infinity"],
  ["2026-01-01", "2026-01-01"],
  ["12:30", "12:30"],
  ["'010'", "010"],
  ['"0x1F"', "0x1F"],
  ["!!str 010", "010"],
  ["!!int '010'", 10],
];

Deno.test("parseYaml() reads scalars by the core schema of YAML 1.2", () => {
  for (const [written, value] of SCALARS) {
    assertEquals(parseYaml(`[${written || "~"}]`), [value], written);
    assertEquals(parseYaml(`a: ${written}`), { a: value }, written);
  }
});

Deno.test("YamlPositions finds every key by the name it has in the value", () => {
  for (const [written] of SCALARS.filter(([written]) => written !== "")) {
    const text = `x: 1\n? ${written}\n: here\n`;
    const [, name] = Object.keys(parseYaml(text) as Record<string, unknown>)
      .toSorted((a, b) => Number(a !== "x") - Number(b !== "x"));
    const { line, column } = new YamlPositions(text, { path: "p" }).locate([name!]);
    assertEquals([line, column], [3, 3], written);
  }
});

Deno.test("parseYaml() merges maps, keeps aliases, and reads an empty text", () => {
  assertEquals(parseYaml("a: &x { b: 1 }\nc: { <<: *x, d: 2 }\n"), {
    a: { b: 1 },
    c: { b: 1, d: 2 },
  });
  assertEquals([parseYaml(""), parseYaml("# nothing\n")], [null, null]);
  assertEquals(parseYaml("\ufeffa: 1\n"), { a: 1 });
});

const REFUSED: Readonly<Record<string, string>> = {
  "two documents": "a: 1\n---\nb: 2\n",
  "a key twice": "a: 1\na: 2\n",
  "an unknown tag": "a: !thing 1\n",
  "a map as a key": "? [1]\n: 2\n",
  "lists in lists": "[".repeat(20_000),
};

for (const [what, text] of Object.entries(REFUSED)) {
  Deno.test(`parseYaml() refuses ${what}`, () => {
    assertThrows(() => parseYaml(text), YamlError);
    yamlNodes(text);
  });
}
