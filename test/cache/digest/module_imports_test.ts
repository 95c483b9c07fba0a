import { assertEquals } from "@std/assert";
import { moduleImports, moduleNames } from "../../../lib/cache/digest/module_imports.ts";

const CASES: readonly [string, string, readonly string[]][] = [
  ["named", `import { a, b as c } from "./a.ts";`, ["./a.ts"]],
  ["default and star", `import d, * as e from './d.ts'`, ["./d.ts"]],
  ["side effect", `import "./side.ts";`, ["./side.ts"]],
  ["several lines", `import {\n  a, // "./no.ts"\n  b,\n} from "./a.ts";`, ["./a.ts"]],
  ["sorted, each once", `import "b";import "a";import "b";`, ["a", "b"]],
  ["attributes", `import data from "./d.json" with { type: "json" };`, ["./d.json"]],
  [
    "re-export",
    `export { x } from "./x.ts"; export * from "./y.ts"; export * as z from "./z.ts";`,
    [
      "./x.ts",
      "./y.ts",
      "./z.ts",
    ],
  ],
  ["export of its own", `export { x }; const from = "./no.ts";`, []],
  [
    "export of a declaration",
    `export const x = 1; export function from() { return "./no.ts"; }`,
    [],
  ],
  ["types", `import type { A } from "./a.ts"; export type { B } from "./b.ts";`, []],
  ["types and values", `import { type A, b } from "./a.ts";`, ["./a.ts"]],
  ["a default import named type", `import type from "./t.ts"; import type, { x } from "./u.ts";`, [
    "./t.ts",
    "./u.ts",
  ]],
  ["dynamic", "const m = await import('./m.ts'); import(`./t.ts`);", ["./m.ts", "./t.ts"]],
  ["dynamic but not literal", "import(name); import(`./${name}.ts`);", []],
  ["a method named import", `store.import("./no.ts"); a?.import("./no.ts")`, []],
  ["import.meta", `import.meta.url; import.meta.resolve("./m.ts"); import.meta.main`, ["./m.ts"]],
  ["file beside the module", `new URL("./data.bin", import.meta.url); new URL("./no", base)`, [
    "./data.bin",
  ]],
  [
    "a file beside the module without a dot",
    `new URL("data/a.bin", import.meta.url); new URL("file:///b.bin", import.meta.url)`,
    ["./data/a.bin", "file:///b.bin"],
  ],
  ["comments", `// import "./no.ts"\n/* import "./no.ts"; */ /** import "./no.ts" */`, []],
  ["strings", `const s = 'import "./no.ts"'; const t = "it's"; import "./yes.ts";`, ["./yes.ts"]],
  ["templates", 'const s = `import "./no.ts" ${ `x${import("./in.ts")}` } import "./no.ts"`;', [
    "./in.ts",
  ]],
  ["braces in templates", "`${ { a: `}` }.a } \" `; import './yes.ts';", ["./yes.ts"]],
  [
    "regular expressions",
    `const q = /["'\`]/g; if (/[/"]/.test(a)) b = c / d; import "./yes.ts";`,
    [
      "./yes.ts",
    ],
  ],
  ["division", `const r = (a + b) / c; const s = "x" / 2; import "./yes.ts";`, ["./yes.ts"]],
  ["object keys", `const o = { import: "./no.ts", from: "./no.ts", export: "./no.ts" };`, []],
];

for (const [name, text, expected] of CASES) {
  Deno.test(`moduleImports() reads ${name}`, () => assertEquals(moduleImports(text), expected));
}

const TEXTS: readonly [string, string, readonly string[]][] = [
  ["a sum", `read(import.meta.dirname + "/a.txt")`, ["/a.txt"]],
  ["a template", "read(`${import.meta.dirname}/a.txt`)", ["/a.txt"]],
  ["a URL of a folder", `const base = new URL(".", import.meta.url); new URL("a.txt", base)`, [
    ".",
    "a.txt",
  ]],
  [
    "no types and imports",
    `import type { T } from "./t.ts"; import "./b.ts"; import.meta.url`,
    [],
  ],
  ["nothing of a module that does not ask for its place", `read("a.txt"); import.meta.main`, []],
];

for (const [name, text, expected] of TEXTS) {
  Deno.test(`moduleNames() takes for names of files ${name}`, () =>
    assertEquals(moduleNames(text).texts, expected));
}
