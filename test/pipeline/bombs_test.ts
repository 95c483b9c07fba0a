import { assertEquals } from "@std/assert";
import { z } from "zod";
import { parsePipeline } from "../../lib/pipeline/read/parse.ts";
import { planPipeline } from "../../lib/pipeline/plan/expand.ts";
import { defineStage } from "../../lib/pipeline/contract/stage.ts";

const any = defineStage({
  name: "any",
  description: "Takes anything.",
  with: z.record(z.string(), z.unknown()),
  outputs: { value: "json" },
  run: () => Promise.resolve(),
});

const lookup = { names: ["any"], get: () => ({ stage: any, module: "file:///any.ts" }) };

async function messagesOf(text: string): Promise<string[]> {
  const parsed = await parsePipeline(text, { path: "p" });
  const planned = parsed.ok ? await planPipeline(parsed.value, lookup) : parsed;
  return planned.ok
    ? []
    : planned.error.map(({ message, location }) =>
      `${location?.line}:${location?.column} ${message}`
    );
}

const use = "stages: { a: { uses: any, with: { v: '${{ vars.a40 }}' } } }\n";

/** Forty variables, each made of the one before. */
function chain(first: string, next: (before: string) => string): string {
  const lines = Array.from(
    { length: 40 },
    (_, index) => `  a${index + 1}: ${next(`vars.a${index}`)}\n`,
  );
  return `name: m\nvars:\n  a0: ${first}\n${lines.join("")}`;
}

const tooMany = (place: string) =>
  `Cannot plan more than 5000000 values: the references of ${place}, with all before, give more`;

/** What a short file can ask for, and the whole of what is said. */
const BOMBS: Readonly<Record<string, readonly [text: string, messages: string[]]>> = {
  "lists of references": [
    chain("x", (name) => `["\${{ ${name} }}", "\${{ ${name} }}"]`) + use,
    [`44:33 ${tooMany("stages.a.with")}`],
  ],
  "lists that are spliced": [
    chain("[x, x]", (name) => `["\${{ ${name}.* }}", "\${{ ${name}.* }}"]`) + use,
    [`24:8 ${tooMany("vars.a21")}`],
  ],
  "texts of texts": [
    chain("x", (name) => `"\${{ ${name} }}\${{ ${name} }}"`) + use,
    [`30:8 ${tooMany("vars.a27")}`],
  ],
  "an axis of such": [
    chain("x", (name) => `["\${{ ${name} }}", "\${{ ${name} }}"]`) +
    "stages: { a: { uses: any, matrix: { v: '${{ vars.a40 }}' } } }\n",
    [`44:35 ${tooMany("stages.a.matrix")}`],
  ],
  "axes by axes": [
    `name: m\nvars: { i: [${Array.from({ length: 400 }).fill(0)}] }\n` +
    "stages: { a: { uses: any, matrix: { v: '${{ vars.i }}', w: '${{ vars.i }}' } } }\n",
    ["3:27 Cannot expand stages.a.matrix: it has 160000 cells"],
  ],
  "tasks of tasks": [
    "name: m\nstages:\n  s0: { uses: any, matrix: { i: [1, 2] } }\n" +
    Array.from({ length: 9 }, (_, index) => {
      const all = `["\${{ stages.s${index}.*.value }}"]`;
      return `  s${index + 1}: { uses: any, matrix: { a: ${all}, b: ${all} } }\n`;
    }).join(""),
    ["8:20 Cannot expand stages.s5.matrix: it has 4294967296 cells"],
  ],
  "a name with NUL in it": [
    'name: m\nstages: { a: { uses: any, matrix: { "a\\0b": [1] } } }\n',
    [
      '2:35 Cannot use stages.a.matrix: the name "a\\u0000b" in it holds a NUL or half a character',
    ],
  ],
  "a text with NUL in it": [
    'name: m\nvars: { a: "\\0" }\nstages: {}\n',
    ["2:12 Cannot use vars.a: it holds a NUL or half a character"],
  ],
  "half a character": [
    'name: m\nvars: { a: "\\ud800" }\nstages: {}\n',
    ["2:12 Cannot use vars.a: it holds a NUL or half a character"],
  ],
  "an axis that nothing can refer to": [
    "name: m\nstages: { a: { uses: any, matrix: { a/b: [1] } } }\n",
    [
      '2:37 Cannot use "a/b" as the name of an axis: expected letters, digits, `_` and `-`',
    ],
  ],
};

for (const [what, [text, messages]] of Object.entries(BOMBS)) {
  Deno.test(`planPipeline() bears ${what}`, async () => {
    assertEquals(await messagesOf(text), messages);
  });
}

/** Texts that are read once, however often what they begin is not ended. */
const LONG: Readonly<Record<string, string>> = {
  "blanks in a reference": `vars: { a: "\${{${" ".repeat(200_000)}" }`,
  "references that nothing ends": `vars: { a: "${"${{".repeat(200_000)}" }`,
  "brackets in a reference": `vars: { a: "\${{ vars.a${"[".repeat(200_000)} }}" }`,
  "tabs": `${"\t".repeat(200_000)}\nvars: {`,
  "quotes": `vars: { a: ${'"\\"'.repeat(70_000)} }`,
  "brackets": `vars: ${"[".repeat(200_000)}`,
};

for (const [what, line] of Object.entries(LONG)) {
  Deno.test(`parsePipeline() takes no longer than a glance for many ${what}`, async () => {
    const text = `name: m\n${line}\nstages: { a: { uses: any, with: { v: "\${{ vars.a }}" } } }\n`;
    const messages = await messagesOf(text);
    assertEquals(messages.length > 0, true);
    assertEquals(messages.filter((message) => message.length > 600), []);
  });
}
