import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { artifactForms } from "../../lib/artifacts/artifact_forms.ts";
import { readCost, writeCost } from "../../lib/artifacts/cost.ts";
import { readCurve, writeCurve } from "../../lib/artifacts/curve.ts";
import { readEstimate, writeEstimate } from "../../lib/artifacts/estimate.ts";
import { readScores, writeScores } from "../../lib/artifacts/scores.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { withFolder } from "../cache/rig.ts";

const change = {
  features: { norm: 1, relative: 0.1, consistency: 0.5 },
  loss: { before: 2, predicted: -0.1 },
};
const examples = {
  scores: {
    ...{ task: "t", model: "m", modelDigest: "d", role: "unseen", sources: [], method: "none" },
    ...{ seed: null, treatment: { canvas: 64 }, delta: { rms: 0, peak: 0 }, metric: "top1" },
    ...{ setting: { shots: 16 }, stem: "s", classes: ["a", "b"], mean: 0.5 },
    rows: [
      { id: "a", digest: "d", cluster: "a", answer: 0, prediction: 0, scores: [1, 0], hit: true },
      { id: "b", digest: "e", cluster: "a", style: "s", answer: "x", prediction: "y", hit: false },
    ],
  },
  curve: {
    ...{ method: "vp", source: "zoo/a", seed: 0, flopsPerStep: 12 },
    points: [{ step: 1, lr: 0.1, loss: 2, terms: { lm: 2 } }],
  },
  cost: {
    ...{ method: "vp", source: "zoo/a", batch: 2, flops: 1e9, uncounted: 0, ms: 1.5, threads: 1 },
    ...{ provider: "cpu", peakBytes: 1000 },
  },
  estimate: {
    ...{ task: "t", method: "vp", seed: 0, source: "zoo/a", target: "zoo/b" },
    ...{ gradientCosineAtStart: 0.5, gradientCosineAtPrompt: -0.5, rows: 64 },
    models: { source: change, target: change },
  },
} as const;

type Kind = keyof typeof examples;

const files = {
  scores: { read: readScores, write: writeScores },
  curve: { read: readCurve, write: writeCurve },
  cost: { read: readCost, write: writeCost },
  estimate: { read: readEstimate, write: writeEstimate },
} satisfies Record<Kind, unknown>;

for (const kind of Object.keys(examples) as Kind[]) {
  Deno.test(`${kind}: what was written is read back`, () =>
    withFolder(async (folder) => {
      const path = join(folder, "file.json");
      await files[kind].write(path, examples[kind] as never);
      assertEquals(await files[kind].read(path), examples[kind] as unknown);
    }));
}

/** A copy with one value put in its place; `undefined` takes it away. */
function changed(value: unknown, place: readonly (string | number)[], to: unknown): unknown {
  const [step, ...rest] = place;
  if (step === undefined) return to;
  const next = changed((value as Record<string | number, unknown>)[step], rest, to);
  if (Array.isArray(value)) return value.map((item, i) => i === step ? next : item);
  return { ...value as object, [step]: next };
}

const mistakes: readonly [Kind, readonly (string | number)[], unknown, string][] = [
  ["scores", [], [], "it must be a map, but is a list of 0"],
  ["scores", ["task"], 3, "task must be text, but is 3"],
  ["scores", ["role"], "target", 'role must be source, unseen or clip, but is "target"'],
  ["scores", ["seed"], 0.5, "seed must be a whole number or null, but is 0.5"],
  ["scores", ["sources"], "zoo/a", 'sources must be a list of texts, but is "zoo/a"'],
  ["scores", ["delta"], null, "delta must be a map of rms and peak, but is null"],
  ["scores", ["delta", "rms"], -1, "delta.rms must be a number from 0, but is -1"],
  [
    "scores",
    ["setting", "shots"],
    [1],
    "setting.shots must be a number or text, but is a list of 1",
  ],
  ["scores", ["rows"], [], "rows must be a list of at least one row, but is a list of 0"],
  ["scores", ["rows", 1, "id"], undefined, "rows[1].id must be text, but is missing"],
  ["scores", ["rows", 1, "style"], null, "rows[1].style must be text, but is null"],
  [
    "scores",
    ["rows", 1, "hit"],
    true,
    "mean must be 1, the share of the rows that are hits, but is 0.5",
  ],
  [
    "scores",
    ["rows", 0, "scores"],
    [1],
    "rows[0].scores must be a list of 2, one for each of classes, but is a list of 1",
  ],
  ["scores", ["rows", 0, "scores", 1], "x", 'rows[0].scores[1] must be a number, but is "x"'],
  ["curve", ["points"], [], "points must be a list of at least one point, but is a list of 0"],
  ["curve", ["points", 0], 1, "points[0] must be a map of step, lr, loss and terms, but is 1"],
  ["curve", ["points", 0, "loss"], null, "points[0].loss must be a number, but is null"],
  ["curve", ["points", 0, "terms", "lm"], "2", 'points[0].terms.lm must be a number, but is "2"'],
  ["cost", ["threads"], 0, "threads must be a whole number from 1, but is 0"],
  ["cost", ["ms"], undefined, "ms must be a number from 0, but is missing"],
  [
    "estimate",
    ["models", "target", "loss"],
    undefined,
    "models.target.loss must be a map of before and predicted, but is missing",
  ],
  [
    "estimate",
    ["models"],
    {},
    "models.source must be a map of features and loss, but is missing; models.target must be a map of features and loss, but is missing",
  ],
];

for (const [kind, place, to, reason] of mistakes) {
  Deno.test(`reading ${kind}: ${reason}`, () =>
    withFolder(async (folder) => {
      const path = join(folder, "file.json");
      Deno.writeTextFileSync(path, JSON.stringify(changed(examples[kind], place, to)));
      const error = await assertRejects(() => files[kind].read(path), DiagnosticError);
      const { title, form } = artifactForms[kind];
      assertEquals(error.diagnostics, [{
        code: "malformed-artifact",
        severity: "error",
        message: `Cannot read ${title} from "${path}": ${reason}`,
        notes: [form, "docs/artifacts.md describes each type"],
      }]);
    }));
}

Deno.test("reading a curve that is not JSON names the line", () =>
  withFolder(async (folder) => {
    const path = join(folder, "file.json");
    Deno.writeTextFileSync(path, '{"method":\n NaN}');
    await assertRejects(
      () => readCurve(path),
      DiagnosticError,
      `Cannot read a curve from "${path}": it is not JSON: line 2, column 2, "NaN" is not expected ` +
        "(JSON has no NaN and no Infinity)",
    );
  }));

Deno.test("reading a curve with many mistakes tells the first three", () =>
  withFolder(async (folder) => {
    const path = join(folder, "file.json");
    Deno.writeTextFileSync(path, "{}");
    await assertRejects(
      () => readCurve(path),
      DiagnosticError,
      "method must be text, but is missing; source must be text, but is missing; " +
        "seed must be a whole number, but is missing; and 1 more",
    );
  }));
