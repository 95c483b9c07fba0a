import { assertEquals } from "@std/assert";
import type { Diagnostic } from "../../lib/diagnostic/diagnostic.ts";
import { renderDiagnostic, renderDiagnostics } from "../../lib/diagnostic/render.ts";
import { editDistance, nearest, suggestions } from "../../lib/diagnostic/suggest.ts";
import { YamlError } from "../../lib/diagnostic/yaml_core.ts";
import { yamlErrors } from "../../lib/diagnostic/yaml_errors.ts";
import { YamlPositions } from "../../lib/diagnostic/yaml_positions.ts";

const distances: readonly [string, string, number][] = [
  ["", "", 0],
  ["a", "", 1],
  ["matrix", "matrix", 0],
  ["matirx", "matrix", 1],
  ["steps", "step", 1],
  ["kitten", "sitting", 3],
];

Deno.test("editDistance() counts inserted, deleted, replaced and swapped characters", () => {
  for (const [a, b, distance] of distances) assertEquals(editDistance(a, b), distance, `${a} ${b}`);
});

const names: readonly [string, readonly string[], string | undefined][] = [
  ["sorces", ["source", "data"], "source"],
  ["zoo/mini-blip", ["zoo/mini-blip2", "zoo/mini-clip"], "zoo/mini-blip2"],
  ["mini-blip2", ["zoo/mini-blip2"], "zoo/mini-blip2"],
  ["banana", ["source", "data"], undefined],
  ["x", ["source"], undefined],
];

Deno.test("nearest() finds what was meant, and nothing far away", () => {
  for (const [name, candidates, near] of names) assertEquals(nearest(name, candidates), near, name);
});

Deno.test("suggestions() lists what is known, a long list in part", () => {
  assertEquals(suggestions("banana", []), []);
  const many = Array.from({ length: 14 }, (_, index) => `stage${index}`);
  assertEquals(
    suggestions("banana", many).at(-1)!.endsWith('"stage11" and 2 more'),
    true,
  );
});

const source = "name: demo\nstages:\n\ta: 1\n";

Deno.test("renderDiagnostic() shows place, message, line, carets and notes", () => {
  const text = renderDiagnostic({
    code: "x",
    severity: "error",
    message: "Cannot do this: no reason",
    location: { path: "a.yaml", line: 3, column: 2, offset: 20, length: 2 },
    notes: ["did you mean that?"],
  }, { source: () => source });
  assertEquals(
    text,
    "a.yaml:3:2: error: Cannot do this: no reason\n" +
      "  3 | \ta: 1\n" +
      "    | \t^^\n" +
      "    = did you mean that?",
  );
});

Deno.test("renderDiagnostic() shows the part of a long line where the mistake is", () => {
  const line = "x".repeat(500);
  const cases: readonly [number, string, number][] = [
    [1, `${"x".repeat(160)}…`, 0],
    [250, `…${"x".repeat(160)}…`, 61],
    [500, `…${"x".repeat(160)}`, 160],
  ];
  for (const [column, shown, lead] of cases) {
    const location = { path: "a.yaml", line: 1, column, offset: 0, length: 1 };
    const text = renderDiagnostic(
      { code: "x", severity: "error", message: "No", location },
      { source: () => line },
    );
    assertEquals(
      text,
      `a.yaml:1:${column}: error: No\n  1 | ${shown}\n    | ${" ".repeat(lead)}^`,
    );
  }
});

Deno.test("renderDiagnostics() reads a file once", () => {
  const location = { path: "a.yaml", line: 3, column: 2, offset: 20, length: 2 };
  const mistake = { code: "x", severity: "error", message: "No", location } as const;
  let reads = 0;
  const read = () => {
    reads += 1;
    return source;
  };
  renderDiagnostics([mistake, mistake], { source: read });
  assertEquals(reads, 1);
});

Deno.test("renderDiagnostics() does without a place and without a source", () => {
  const location = { path: "b.yaml", line: 1, column: 1, offset: 0, length: 1 };
  assertEquals(
    renderDiagnostics([
      { code: "x", severity: "error", message: "One", notes: ["note"] },
      { code: "y", severity: "warning", message: "Two", location },
    ]),
    "error: One\n  = note\n\nb.yaml:1:1: warning: Two",
  );
});

const yaml = "name: demo\nstages:\n  a: { uses: make, list: [1, two] }\n  b:\n    with:\n";

const places: readonly [readonly (string | number)[], "key" | "value", string][] = [
  [["name"], "value", "1:7+4"],
  [["name"], "key", "1:1+4"],
  [["stages", "a", "uses"], "value", "3:14+4"],
  [["stages", "a", "list", 1], "value", "3:30+3"],
  [["stages", "a", "lost"], "value", "3:3+1"],
  [["stages", "b", "with"], "value", "5:5+4"],
  [["nothing"], "value", "1:1+10"],
];

Deno.test("YamlPositions finds keys, values, and the nearest parent of what is not there", () => {
  const positions = new YamlPositions(yaml, { path: "a.yaml" });
  for (const [path, part, place] of places) {
    const { line, column, length } = positions.locate(path, part);
    assertEquals(`${line}:${column}+${length}`, place, path.join("."));
  }
});

Deno.test("yamlErrors() reports errors of the syntax with their place", () => {
  const refusal = new YamlError("deficient indentation", 9);
  const errors = yamlErrors("a: [1, 2\nb: 3\n", refusal, { path: "a.yaml" });
  assertEquals(errors.map(({ code, location }) => [code, location!.line]), [
    ["yaml-syntax", 2],
  ]);
});

Deno.test("renderDiagnostics() writes what to do once for a row of the same kind, and counts what is left out", () => {
  const of = (node: string, note = "do this"): Diagnostic => ({
    code: "no-gradient-rule",
    severity: "error",
    message: `Cannot differentiate ${node}`,
    notes: [note],
  });
  const lines = renderDiagnostics([
    ...["a", "b", "c", "d", "e", "f", "g"].map((n) => of(n)),
    of("h", "do that"),
  ]);
  assertEquals(lines.split("\n"), [
    ...["a", "b", "c", "d", "e"].map((node) => `error: Cannot differentiate ${node}`),
    "  = and 2 more like these",
    "  = do this",
    "",
    "error: Cannot differentiate h",
    "  = do that",
  ]);
});

Deno.test("YamlPositions finds each of many keys without going through the text for each", () => {
  const count = 20_000;
  const keys = Array.from({ length: count }, (_, i) => `k${i}`);
  const text = keys.map((key) => `${key}: {a: 1}\n`).join("");
  const positions = new YamlPositions(text, { path: "a.yaml" });
  const startMs = performance.now();
  const found = keys.map((key) => positions.locate([key, "a"]).line);
  assertEquals(found, keys.map((_, i) => i + 1));
  // It takes a tenth of a second; what goes through the text takes a hundred times as long.
  assertEquals(performance.now() - startMs < 5000, true);
});
