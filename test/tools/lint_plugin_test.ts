import { assertEquals } from "@std/assert";
import plugin, { importMistake } from "./lint_plugin.ts";

const allowed: readonly [string, string][] = [
  ["lib/pipeline/read/parse.ts", "../../diagnostic/diagnostic.ts"],
  ["lib/pipeline/read/parse.ts", "./spec.ts"],
  ["lib/pipeline/read/parse.ts", "@std/path"],
  ["lib/pipeline/contract/canonical.ts", "node:crypto"],
  ["lib/onnx/codec/decode.ts", "../../tensor/tensor.ts"],
  ["stages/report.ts", "../lib/pipeline/contract/stage.ts"],
  ["stages/report.ts", "../lib/report/page.ts"],
  ["lib/cli/main.ts", "../runtime/doctor.ts"],
  ["lib/pipeline/mod.ts", "../cache/local/store.ts"],
  ["lib/std/yaml/mod.ts", "npm:deno-std@1.4.0/yaml/mod.js"],
];

const forbidden: readonly [string, string, string][] = [
  [
    "lib/pipeline/read/parse.ts",
    "../../onnx/codec/decode.ts",
    "lib/pipeline may import lib/diagnostic, lib/trust, not lib/onnx/codec/decode.ts",
  ],
  [
    "lib/tensor/tensor.ts",
    "../diagnostic/diagnostic.ts",
    "lib/tensor may import lib/trust, not lib/diagnostic/diagnostic.ts",
  ],
  [
    "stages/report.ts",
    "../lib/pipeline/plan/plan.ts",
    "stages may import of lib/pipeline only contract/stage.ts, not lib/pipeline/plan/plan.ts",
  ],
  [
    "stages/report.ts",
    "../lib/cache/local/store.ts",
    "stages may import all of lib but lib/cli, lib/executors, lib/cache, not lib/cache/local/store.ts",
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
  [
    "lib/report/page.ts",
    "../artifacts/scores.ts",
    "lib/report may import types alone of lib/artifacts: lib/artifacts/scores.ts",
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
    importMistake("lib/tensor/tensor.ts", "../onnx/ir/model.ts", true),
    "lib/tensor may import lib/trust, not lib/onnx/ir/model.ts",
  );
  assertEquals(importMistake("lib/report/page.ts", "../artifacts/scores.ts", true), undefined);
});

Deno.test("runs-in-browsers forbids Deno where code runs in browsers, and nowhere else", () => {
  const problems = (path: string) => {
    const file = new URL(`../../${path}`, import.meta.url).pathname;
    const found = Deno.lint.runPlugin(plugin, file, 'await Deno.readFile("model.onnx");');
    return found.map(({ id, message }) => `${id}: ${message}`);
  };
  assertEquals(problems("lib/onnx/codec/decode.ts"), [
    "tvp/runs-in-browsers: lib/onnx runs in browsers too, which have no Deno",
  ]);
  assertEquals(problems("lib/runtime/session.ts"), []);
});
