import { assertEquals } from "@std/assert";
import { artifactSummaries } from "../../lib/artifacts/artifact_summaries.ts";
import { encodePrompt } from "../../lib/artifacts/prompt.ts";
import { type Scores, scoresText } from "../../lib/artifacts/scores.ts";
import type { ArtifactType } from "../../lib/pipeline/contract/stage.ts";
import { writeDatasetFolder } from "../../lib/data/dataset_folder.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { withFolder } from "../cache/rig.ts";

const answers = (hits: readonly boolean[]): Scores["rows"] =>
  hits.map((hit, i) => ({
    ...{ id: `r${i}`, digest: "d", cluster: `c${i}`, answer: i % 2, hit },
    prediction: hit ? i % 2 : (i + 1) % 2,
  }));

const scores: Scores = {
  ...{ task: "pets", model: "zoo/mini-blip2", modelDigest: "d", role: "unseen", sources: [] },
  ...{ method: "vp", seed: 3, treatment: {}, delta: { rms: 0, peak: 0 }, metric: "top1" },
  classes: ["cat", "dog"],
  mean: 0.75,
  rows: answers([true, false, true, true]),
};

const curve = {
  ...{ method: "vp", source: "a + b", seed: 0 },
  points: [{ step: 1, lr: 1, loss: 2.31234, terms: {} }, { step: 20, lr: 1, loss: 0.5, terms: {} }],
};

/** δ is 0.5 in one channel of the corner of a canvas of 4 whose frame is 12 pixels. */
const prompt = encodePrompt({
  delta: tensor("float32", [3, 4, 4], Float32Array.from({ length: 48 }, (_, i) => i ? 0 : 0.5)),
  meta: {
    ...{ kind: "frame", canvas: 4, image: 2, task: "pets", method: "vp", loss: { lm: 1 } },
    ...{ sources: [{ name: "a", digest: "d" }, { name: "b", digest: "d" }], steps: 9, seed: 0 },
  },
});

const cases: readonly [ArtifactType, string | Uint8Array, readonly string[]][] = [
  ["scores", JSON.stringify(scores), [
    "75.0 % right of 4 images: zoo/mini-blip2 on pets, vp, seed 3",
    "right by class: cat 2 of 2, dog 1 of 2",
  ]],
  ["scores", JSON.stringify({ ...scores, method: "none", seed: null, classes: undefined }), [
    "75.0 % right of 4 images: zoo/mini-blip2 on pets, none",
  ]],
  ["curve", JSON.stringify(curve), [
    "loss 2.312 at step 1, 0.5 at step 20: vp on a + b, seed 0",
  ]],
  ["prompt", prompt, [
    "frame, image of 2 pixels on a canvas of 4; RMS 0.08333 and peak 0.5 in pixel values of 0 to 1",
    "vp on a + b, 9 steps, seed 0",
  ]],
];

for (const [type, contents, expected] of cases) {
  Deno.test(`the summary of ${type} says ${expected[0]}`, () =>
    withFolder(async (folder) => {
      const path = `${folder}/artifact`;
      const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
      await Deno.writeFile(path, bytes);
      assertEquals(await artifactSummaries[type]!(path), expected);
    }));
}

const card = { name: "pets", kind: "classification", licence: "none", source: "drawn" } as const;
const row = (answer: string, i: number) => ({
  ...{ id: `r${i}`, cluster: `c${i % 2}`, instruction: "what?", answer },
});

for (
  const [classes, lines] of [
    [["cat", "dog"], ["rows by class: cat 2, dog 1"]],
    [Array.from({ length: 11 }, (_, i) => ["cat", "dog"][i] ?? `c${i}`), ["11 classes"]],
  ] as const
) {
  Deno.test(`the summary of a data set with ${classes.length} classes counts its rows`, () =>
    withFolder(async (folder) => {
      const rows = ["cat", "dog", "cat"].map(row);
      const split = { rows, images: new Uint8Array(3 * 3 * 2 * 2), height: 2, width: 2 };
      await writeDatasetFolder(`${folder}/d`, { ...card, classes }, split);
      assertEquals(await artifactSummaries.dataset!(`${folder}/d`), [
        "pets, classification: 3 rows in 2 clusters, 2 × 2 pixels",
        ...lines,
      ]);
    }));
}

Deno.test("scoresText() adds the accuracy of VQA where several people answered", () => {
  const rows = answers([true, false]).map((row, i) => ({ ...row, credit: [1, 0.3][i]! }));
  assertEquals(scoresText(rows), "50.0 % right of 2 images (VQA accuracy 65.0 %)");
  assertEquals(scoresText(answers([true])), "100.0 % right of 1 image");
});
