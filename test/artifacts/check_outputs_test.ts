import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { checkOutputs } from "../../lib/artifacts/check_outputs.ts";
import { artifactTypes } from "../../lib/pipeline/contract/stage.ts";
import type { ArtifactType } from "../../lib/pipeline/contract/stage.ts";
import { encodeSafetensors } from "../../lib/tensor/safetensors.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { artifactReaders } from "../../lib/artifacts/artifact_readers.ts";
import { artifactForms } from "../../lib/artifacts/artifact_forms.ts";
import { withFolder } from "../cache/rig.ts";

type Files = string | Uint8Array | Readonly<Record<string, string | Uint8Array>>;

const zoo = new URL("../../zoo/mini-blip2/", import.meta.url).pathname;
const scores = {
  task: "t",
  model: "m",
  modelDigest: "d",
  role: "unseen",
  sources: [],
  method: "none",
  seed: null,
  treatment: {},
  delta: { rms: 0, peak: 0 },
  metric: "top1",
  mean: 0,
  rows: [{ id: "a", digest: "d", cluster: "a", answer: 0, prediction: 1, hit: false }],
};
const row = { id: "a", cluster: "a", instruction: "What?", answer: "yes" };
const dataset = {
  "dataset.json": JSON.stringify({
    name: "t",
    kind: "generation",
    licence: "CC0-1.0",
    source: "made",
  }),
  "rows.jsonl": `${JSON.stringify(row)}\n`,
  "images.safetensors": encodeSafetensors({
    images: tensor("uint8", [1, 3, 8, 8], new Uint8Array(192)),
  }),
};

const cases: readonly [type: ArtifactType, files: Files, reason?: string][] = [
  ["json", '{"a": 1}\n'],
  ["json", "\ufeff{}"],
  ["json", "", "it is empty, expected JSON"],
  [
    "json",
    '{"a":\n NaN}',
    'it is not JSON: line 2, column 2, "NaN" is not expected (JSON has no NaN and no Infinity)',
  ],
  ["json", "{'a': 1}", 'it is not JSON: line 1, column 2, "\'" is not expected'],
  ["json", '{"a": [1, 2', "it is not JSON: line 1, column 12, it ends too early"],
  ["json", { x: "" }, "it is a folder, not a file"],
  ["answers", '{"a":1}\n{"a":2}\n'],
  ["answers", '{"a":1}\n{a:2}\n', 'it is not JSON: line 2, column 2, "a" is not expected'],
  ["text", new Uint8Array([0xff, 0xfe])],
  ["file", ""],
  ["directory", { x: "" }],
  ["directory", "x", "it is a file, not a folder"],
  ["tensor", encodeSafetensors({ a: tensor("float32", [2], new Float32Array(2)) })],
  ["tensor", "abc", "a file has at least 8 bytes, this one has 3"],
  ["prompt", "abc", "a file has at least 8 bytes, this one has 3"],
  ["scores", JSON.stringify(scores)],
  [
    "scores",
    JSON.stringify({ ...scores, mean: 50, rows: [{ ...scores.rows[0], hit: 1 }] }),
    "mean must be a number from 0 to 1, but is 50; rows[0].hit must be true or false, but is 1",
  ],
  [
    "scores",
    JSON.stringify({ ...scores, mean: 0.5 }),
    "mean must be 0, the share of the rows that are hits, but is 0.5",
  ],
  [
    "curve",
    '{"method": "vp"}',
    "source must be text, but is missing; seed must be a whole number, but is missing; " +
    "points must be a list of points, but is missing",
  ],
  ["dataset", dataset],
  ["dataset", "x", "it is a file, not a folder"],
  [
    "dataset",
    { ...dataset, "rows.jsonl": dataset["rows.jsonl"].repeat(2) },
    'rows.jsonl line 2: its id "a" is already used in line 1',
  ],
  ["model", {}, "there is no config.json in it"],
  [
    "model",
    { "config.json": "[]" },
    'Cannot read "config.json": its content is [], expected an object, as in { }',
  ],
  ["model", { "config.json": "{}" }, "there is no onnx/*.onnx in it"],
];

for (const [index, [type, files, reason]] of cases.entries()) {
  const what = reason ?? "what is right";
  Deno.test(`checkOutputs() looks at ${type} (${index}): ${what}`, () =>
    withFolder(async (folder) => {
      const path = join(folder, "out");
      write(path, files);
      const check = () => checkOutputs([{ name: "out", type, path }]);
      if (reason === undefined) return await check();
      const { message } = await assertRejects(check);
      assertEquals(message, `Cannot keep output "out" as ${artifactForms[type].title}: ${reason}`);
    }));
}

function write(path: string, files: Files): void {
  if (typeof files === "string") return Deno.writeTextFileSync(path, files);
  if (files instanceof Uint8Array) return Deno.writeFileSync(path, files);
  Deno.mkdirSync(path);
  for (const [name, content] of Object.entries(files)) write(join(path, name), content);
}

Deno.test("checkOutputs() takes a whole model, and tells what one lacks", () =>
  withFolder(async (folder) => {
    await checkOutputs([{ name: "model", type: "model", path: zoo }]);
    const path = join(folder, "out");
    Deno.mkdirSync(join(path, "onnx"), { recursive: true });
    for (const name of ["config.json", "preprocessor_config.json", "onnx/embed_tokens.onnx"]) {
      Deno.copyFileSync(join(zoo, name), join(path, name));
    }
    const { message } = await assertRejects(() =>
      checkOutputs([{ name: "model", type: "model", path }])
    );
    assertEquals(
      message,
      'Cannot keep output "model" as a model: onnx/vision_encoder.onnx, ' +
        "onnx/decoder_model_merged.onnx, onnx/encoder_model.onnx missing in it",
    );
  }));

Deno.test("checkOutputs() tells of every output, and leaves to the store what is not there", () =>
  withFolder(async (folder) => {
    Deno.writeTextFileSync(join(folder, "a"), "x");
    Deno.writeTextFileSync(join(folder, "b"), "y");
    const written = ["a", "b", "c"].map((name) => ({
      name,
      type: "json" as const,
      path: join(folder, name),
    }));
    const { message } = await assertRejects(() => checkOutputs(written));
    assertEquals(message.split("\n").map((line) => line.slice(0, 28)), [
      'Cannot keep output "a" as JS',
      'Cannot keep output "b" as JS',
    ]);
  }));

Deno.test("every type of artifact has a form, and a reader unless nothing is known of it", () => {
  assertEquals(Object.keys(artifactForms).sort(), [...artifactTypes].sort());
  const unread = artifactTypes.filter((type) => artifactReaders[type] === undefined);
  assertEquals(unread, ["text", "file", "directory"]);
});
