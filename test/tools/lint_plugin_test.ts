import { assertEquals } from "@std/assert";
import plugin, { importMistake } from "./lint_plugin.ts";

const allowed: readonly [string, string][] = [
  ["lib/pipeline/parse.ts", "../diagnostic/diagnostic.ts"],
  ["lib/pipeline/parse.ts", "./spec.ts"],
  ["lib/pipeline/parse.ts", "@std/path"],
  ["lib/pipeline/canonical.ts", "node:crypto"],
  ["lib/onnx/decode.ts", "../tensor/tensor.ts"],
  ["stages/report.ts", "../lib/pipeline/stage.ts"],
  ["stages/report.ts", "../lib/report/page.ts"],
  ["lib/cli/main.ts", "../runtime/doctor.ts"],
  ["lib/pipeline/mod.ts", "../cache/store.ts"],
  ["lib/std/yaml/mod.ts", "npm:deno-std@1.4.0/yaml/mod.js"],
];

const forbidden: readonly [string, string, string][] = [
  [
    "lib/pipeline/parse.ts",
    "../onnx/decode.ts",
    "lib/pipeline may import lib/diagnostic, lib/trust, not lib/onnx/decode.ts",
  ],
  [
    "lib/tensor/tensor.ts",
    "../diagnostic/diagnostic.ts",
    "lib/tensor may import nothing of ours, not lib/diagnostic/diagnostic.ts",
  ],
  [
    "stages/report.ts",
    "../lib/pipeline/plan.ts",
    "stages may import of lib/pipeline only stage.ts, not lib/pipeline/plan.ts",
  ],
  [
    "stages/report.ts",
    "../lib/cache/store.ts",
    "stages may import all of lib but lib/cli, lib/executors, lib/cache, not lib/cache/store.ts",
  ],
  [
    "lib/models/directory.ts",
    "../../stages/report.ts",
    "lib/models/directory.ts may not import stages/report.ts: nothing of lib depends on stages",
  ],
  [
    "stages/report.ts",
    "../lib/onnx/mod.ts",
    "stages/report.ts may not import lib/onnx/mod.ts: import the file, a stage's key holds all it imports",
  ],
  ["lib/autodiff/gradient.ts", "zod", 'lib/autodiff may import no package, not "zod"'],
  [
    "lib/vision/decode_image.ts",
    "onnxruntime-node",
    'lib/vision may import sharp, not "onnxruntime-node"',
  ],
];

Deno.test("importMistake() allows what the table of directions allows", () => {
  for (const [from, specifier] of allowed) {
    assertEquals(importMistake(from, specifier, false), undefined, `${from} → ${specifier}`);
  }
});

Deno.test("importMistake() states the rule that an import breaks", () => {
  for (const [from, specifier, message] of forbidden) {
    assertEquals(importMistake(from, specifier, false), message);
  }
});

Deno.test("importMistake() lets types of a package pass, not modules of a forbidden folder", () => {
  assertEquals(importMistake("lib/autodiff/gradient.ts", "zod", true), undefined);
  assertEquals(
    importMistake("lib/tensor/tensor.ts", "../onnx/model.ts", true),
    "lib/tensor may import nothing of ours, not lib/onnx/model.ts",
  );
});

Deno.test("runs-in-browsers forbids Deno where code runs in browsers, and nowhere else", () => {
  const problems = (path: string) => {
    const file = new URL(`../../${path}`, import.meta.url).pathname;
    const found = Deno.lint.runPlugin(plugin, file, 'await Deno.readFile("model.onnx");');
    return found.map(({ id, message }) => `${id}: ${message}`);
  };
  assertEquals(problems("lib/onnx/decode.ts"), [
    "tvp/runs-in-browsers: lib/onnx runs in browsers too, which have no Deno",
  ]);
  assertEquals(problems("lib/runtime/session.ts"), []);
});
