import { assertEquals, assertNotEquals } from "@std/assert";
import { dirname, join, toFileUrl } from "@std/path";
import { contentDigests } from "../../../lib/cache/digest/content_digests.ts";
import { moduleImports } from "../../../lib/cache/digest/module_imports.ts";
import { withFolder } from "../rig.ts";

const PROJECT: Readonly<Record<string, string>> = {
  "deno.json": JSON.stringify({
    imports: { "@std/fmt": "jsr:@std/fmt@^1", "zod": "npm:zod@^4", "~/": "./lib/" },
    links: ["./std/fmt"],
    name: "@own/project",
    exports: { "./late": "./lib/late.ts", "./step": "./lib/step.ts" },
  }),
  "deno.lock": JSON.stringify({
    version: "5",
    specifiers: { "npm:zod@^4": "4.6.7", "npm:deno-std@1": "1.4.0", "npm:other@1": "1.0.0" },
    npm: {
      "zod@4.6.7": { integrity: "zod", dependencies: ["inner"] },
      "inner@2.0.0": { integrity: "inner", dependencies: ["zod"] },
      "deno-std@1.4.0": { integrity: "std" },
      "other@1.0.0": { integrity: "other" },
    },
  }),
  "std/fmt/deno.json": JSON.stringify({ name: "@std/fmt", exports: { "./bytes": "./bytes.ts" } }),
  "std/fmt/bytes.ts": `export * from "npm:deno-std@1/fmt/bytes.js";`,
  "stages/train.ts":
    `import { z } from "zod/mini"; import "~/loop.ts"; import type {} from "../lib/t.ts";`,
  "stages/report.ts":
    `import { format } from "@std/fmt/bytes"; new URL("./page.html", import.meta.url);`,
  "stages/page.html": "<html>",
  "beside/mine.ts": `import "@own/project/step"; import "./helper.ts";
    read(import.meta.dirname + "/words/a.txt"); await import(import.meta.resolve("./late.ts"));`,
  "beside/words/a.txt": "a",
  "beside/late.ts": `export const late = 1;`,
  "beside/helper.ts": `export const helper = 1;`,
  "lib/loop.ts": `import "./step.ts"; export async function later() { await import("./late.ts"); }`,
  "lib/step.ts": `import "./loop.ts"; // a cycle`,
  "lib/late.ts": `export const late = 1;`,
  "lib/t.ts": `export type T = 1;`,
};

type Digests = Readonly<Record<"train" | "report" | "mine", string>>;

async function digests(folder: string, files: Readonly<Record<string, string>>): Promise<Digests> {
  for (const [path, text] of Object.entries(files)) {
    Deno.mkdirSync(dirname(join(folder, path)), { recursive: true });
    Deno.writeTextFileSync(join(folder, path), text);
  }
  const root = toFileUrl(`${folder}/`);
  await using content = contentDigests({ root, memo: join(folder, "memo.json") });
  const [train = "", report = "", mine = ""] = await Promise.all(
    ["stages/train", "stages/report", "beside/mine"]
      .map((name) => content.code(new URL(`${name}.ts`, root))),
  );
  return { train, report, mine };
}

function changedIn(before: Digests, after: Digests): readonly string[] {
  return (["train", "report", "mine"] as const).filter((name) => before[name] !== after[name]);
}

function edited(path: string, from: string, to: string): Record<string, string> {
  const text = PROJECT[path] ?? "";
  assertNotEquals(text.replace(from, to), text, `nothing to edit in ${path}`);
  return { [path]: text.replace(from, to) };
}

const EDITS: readonly [string, Record<string, string>, readonly string[]][] = [
  ["the stage itself", edited("stages/report.ts", "format", "form"), ["report"]],
  ["a module it imports", edited("lib/loop.ts", "later", "sooner"), ["train", "mine"]],
  ["a module in a cycle", edited("lib/step.ts", "cycle", "circle"), ["train", "mine"]],
  ["a module it imports later", edited("lib/late.ts", "1", "2"), ["train", "mine"]],
  ["what code beside the project imports", edited("beside/helper.ts", "1", "2"), ["mine"]],
  ["a module imported for its types", edited("lib/t.ts", "1", "2"), []],
  ["a file it names", edited("stages/page.html", "<html>", "<body>"), ["report"]],
  ["a file whose path it makes", edited("beside/words/a.txt", "a", "b"), ["mine"]],
  ["a module whose URL it asks for", edited("beside/late.ts", "1", "2"), ["mine"]],
  ["a linked package", edited("std/fmt/bytes.ts", "export", " export"), ["report"]],
  ["a package", edited("deno.lock", '"integrity":"zod"', '"integrity":"z"'), ["train"]],
  ["a package's version", edited("deno.lock", '"npm:zod@^4":"4.6.7"', '"npm:zod@^4":"4.6.8"'), [
    "train",
  ]],
  ["a package of a package", edited("deno.lock", '"integrity":"inner"', '"integrity":"i"'), [
    "train",
  ]],
  ["a package of a link", edited("deno.lock", '"integrity":"std"', '"integrity":"s"'), ["report"]],
  ["a package nobody imports", edited("deno.lock", '"integrity":"other"', '"integrity":"o"'), []],
];

for (const [what, edit, expected] of EDITS) {
  Deno.test(`contentDigests() of code: editing ${what} changes ${expected.join() || "nothing"}`, () =>
    withFolder(async (folder) => {
      const before = await digests(folder, PROJECT);
      assertEquals(changedIn(before, await digests(folder, edit)), expected);
      assertEquals(changedIn(before, await digests(folder, PROJECT)), []);
    }));
}

Deno.test("contentDigests() of code do not depend on where the project lies or when it was touched", () =>
  withFolder(async (folder) => {
    const before = await digests(join(folder, "a"), PROJECT);
    assertEquals(await digests(join(folder, "b"), PROJECT), before);
    for (const path of Object.keys(PROJECT)) {
      Deno.utimeSync(join(folder, "a", path), new Date(0), new Date(0));
    }
    assertEquals(await digests(join(folder, "a"), {}), before);
  }));

Deno.test("moduleImports() agrees with Deno about this project's own modules", async () => {
  const entry = new URL("../../../lib/executors/local.ts", import.meta.url).href;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    stderr: "null",
  }).output();
  const info = JSON.parse(new TextDecoder().decode(stdout)) as {
    modules: { specifier: string; local?: string; dependencies?: Dependency[] }[];
  };
  let checked = 0;
  for (const { specifier, local, dependencies = [] } of info.modules) {
    if (!specifier.startsWith("file:") || local === undefined) continue;
    const code = dependencies.filter((dependency) => dependency.code !== undefined);
    const expected = new Set(code.map((dependency) => dependency.specifier));
    const text = Deno.readTextFileSync(local);
    const named = namedFiles(text);
    const found = moduleImports(text).filter((name) => !named.has(name));
    assertEquals(found, [...expected].sort(), specifier);
    checked += 1;
  }
  assertEquals(checked > 10, true);
});

interface Dependency {
  readonly specifier: string;
  readonly code?: unknown;
}

/** What `new URL("…", import.meta.url)` names is not an import to Deno. */
function namedFiles(text: string): ReadonlySet<string> {
  return new Set(
    [...text.matchAll(/new URL\(\s*"([^"]+)",\s*import\.meta\.url/g)].map(([, name]) => name!),
  );
}
