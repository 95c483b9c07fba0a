import { assert, assertEquals, assertExists, assertThrows } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { parse } from "@std/csv";
import { format as formatBytes } from "@std/fmt/bytes";
import { format as formatDuration } from "@std/fmt/duration";
import { join, relative, resolve } from "@std/path";

type Exports = Readonly<Record<string, unknown>>;

/**
 * Assertion functions need a declared type, so these call the build's; `resolve` and `relative` hand
 * it Deno's folder, as it would ask `process`.
 */
const wrapped = ["assert", "assertExists", "relative", "resolve"];

const folder = new URL("../../lib/std/", import.meta.url);

/** Paths of the modules that the packages below `lib/std` export. */
function exportedModules(): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name }) => {
    const text = Deno.readTextFileSync(new URL(`${name}/deno.json`, folder));
    const { exports } = JSON.parse(text) as { exports: Record<string, string> };
    return Object.values(exports).map((path) => `${name}/${path.slice(2)}`);
  }).sort();
}

/** The module of the build that a linked module re-exports. */
async function officialOf(path: string): Promise<Exports> {
  const text = Deno.readTextFileSync(new URL(path, folder));
  const [, build] = /^import \* as \w+ from "(npm:deno-std@[^"]+)";$/m.exec(text)!;
  return await import(build!) as Exports;
}

Deno.test("every linked module re-exports the build's own values under the same names", async () => {
  for (const path of exportedModules()) {
    const ours = await import(new URL(path, folder).href) as Exports;
    const official = await officialOf(path);
    const other = Object.keys(ours).filter((name) => ours[name] !== official[name]);
    assertEquals(other.filter((name) => !wrapped.includes(name)), [], path);
    for (const name of other) assertEquals(typeof official[name], "function", name);
  }
});

Deno.test("the wrapped assertions fail as the build's do", async () => {
  const { AssertionError } = await officialOf("assert/mod.ts");
  const failed = AssertionError as new (message: string) => Error;
  assertThrows(() => assert(false, "no"), failed, "no");
  assertThrows(() => assertExists(null), failed);
});

Deno.test("the wrapped paths are the build's", async () => {
  const build = await officialOf("path/mod.ts") as Record<"relative" | "resolve", typeof join>;
  for (const parts of [["a"], ["a", "../b"], ["a", "/b", "c"], ["/a/b", "../.."], []]) {
    assertEquals(resolve(...parts), build.resolve(...parts));
  }
  for (const [from, to] of [["a", "a/b"], ["/a/b", "/a/c"], ["/a", "b"], ["a", "a"]] as const) {
    assertEquals(relative(from, to), build.relative(from, to));
  }
});

Deno.test("the linked standard library parses, joins and formats", () => {
  assertEquals(parseArgs(["--jobs", "2", "x.yaml"]), { _: ["x.yaml"], jobs: 2 });
  assertEquals(parse("a,b\n1,2\n"), [["a", "b"], ["1", "2"]]);
  assertEquals(join("a", "b"), "a/b");
  assertEquals(formatBytes(1536), "1.54 kB");
  assertEquals(formatDuration(61_000, { ignoreZero: true }), "1m 1s");
});
