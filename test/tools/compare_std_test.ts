import { assertEquals, assertRejects } from "@std/assert";
import { hash } from "node:crypto";
import { compareModule, type Comparison, reachable } from "./compare_std.ts";
import { checkout, jsr } from "./std/official_sources.ts";

/** What a build has, what the source has, and whether that is the same code. */
const MODULES: readonly [string, string, string, Comparison][] = [
  ["types", "export const a = 1;", "export const a: number = 1 as const;", "same"],
  ["comments and layout", "// hi\nexport const a = [1, 2,];", "export const a=[1,2]", "same"],
  [
    "braces around one statement",
    "if (a) {\n  b();\n} else {\n  c();\n}",
    "if (a) b(); else c();",
    "same",
  ],
  ["brackets", "a = b ??= {};", "a = (b ??= {});", "same"],
  [
    "spellings of imports",
    'import { x } from "../internal/format.js";',
    'import { x } from "@std/internal/format";',
    "same",
  ],
  ["a file of types", "export {};", "export interface A { a: 1 }", "same"],
  [
    "an import of types",
    "a();",
    'import { type A } from "./a.ts"; a<A>();',
    "same",
  ],
  ["another number", "export const a = 2;", "export const a: number = 1;", "differs"],
  ["another operator", "if (a && b) c();", "if (a || b) c();", "differs"],
  ["a statement more", "a(); b();", "a();", "differs"],
  ["an import for its effects", 'import "./evil.js"; a();', "a();", "differs"],
  [
    "another module",
    'import { x } from "../internal/diff.js";',
    'import { x } from "@std/internal/format";',
    "differs",
  ],
  ["a declaration in braces", "{ const a = 1; }", "const a = 1;", "differs"],
];

for (const [what, build, source, expected] of MODULES) {
  Deno.test(`compareModule() of ${what}: ${expected}`, async () => {
    const official = { read: () => Promise.resolve(source) };
    assertEquals(await compareModule("path/join.js", build, official), expected);
  });
}

async function inFolder(files: Record<string, string>, body: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(`${folder}/${path.replace(/[^/]+$/, "")}`, { recursive: true });
    await Deno.writeTextFile(`${folder}/${path}`, text);
  }
  await body(folder).finally(() => Deno.remove(folder, { recursive: true }));
}

Deno.test("reachable() follows all relative imports, and checkout() reads what there is", () =>
  inFolder({
    "path/mod.js": 'export * from "./join.js";\nimport { b } from "../fmt/b.js";',
    "path/join.js": 'import "./mod.js"; const c = await import("./lazy.js");',
    "path/lazy.js": "",
    "path/other.js": "",
    "fmt/b.js": "",
    "fmt/b.ts": "",
  }, async (folder) => {
    assertEquals([...reachable(folder, ["path/mod.js"]).keys()].sort(), [
      "fmt/b.js",
      "path/join.js",
      "path/lazy.js",
      "path/mod.js",
    ]);
    assertEquals(await compareModule("fmt/b.js", "", checkout(folder)), "same");
    assertEquals(await compareModule("fmt/c.js", "", checkout(folder)), "missing");
  }));

Deno.test("jsr() reads files of a version whose checksums are what JSR names", async () => {
  const files: Record<string, string> = { "/join.ts": "join", "/false.ts": "other" };
  const manifest = Object.fromEntries(
    ["join", "false"].map((name) => [
      `/${name}.ts`,
      { checksum: `sha256-${hash("sha256", name)}` },
    ]),
  );
  await using server = Deno.serve({ port: 0, onListen() {} }, ({ url }) => {
    const path = new URL(url).pathname;
    if (path === "/@std/path/1.0.0_meta.json") return Response.json({ manifest });
    const text = files[path.replace("/@std/path/1.0.0", "")];
    return new Response(text ?? "", { status: text === undefined ? 404 : 200 });
  });
  const official = jsr(`http://localhost:${server.addr.port}`, { path: "1.0.0" });
  assertEquals(await official.read("path/join.ts"), "join");
  assertEquals(await official.read("path/none.ts"), undefined);
  await assertRejects(
    () => official.read("path/false.ts"),
    TypeError,
    "does not have the checksum",
  );
});
