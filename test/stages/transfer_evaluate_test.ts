import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { writeDatasetFolder } from "../../lib/data/dataset_folder.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import type { Scores } from "../../lib/artifacts/scores.ts";
import type { Stage, StageContext } from "../../lib/pipeline/contract/stage.ts";
import { encodePrompt } from "../../lib/artifacts/prompt.ts";
import { Random } from "../../lib/tensor/random.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import pickSource from "../../stages/pick_source.ts";
import transferEvaluate from "../../stages/transfer_evaluate.ts";
import { writeTinyClip, writeTinyModel } from "../rigs/tiny_models.ts";

const classes = ["cat", "dog", "bird"];
const side = 16;

interface Rig {
  readonly folder: string;
  readonly seen: { done: number; total: number }[];
  run(stage: Stage, parameters: Record<string, unknown>, signal?: AbortSignal): Promise<void>;
  scores(): Promise<Scores>;
}

async function withRig(test: (rig: Rig) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const seen: Rig["seen"] = [];
  await writeDatasetFolder(join(folder, "data"), {
    name: "pets",
    kind: "classification",
    classes,
    licence: "none",
    source: "random",
  }, randomSplit(5));
  const run = async (stage: Stage, parameters: Record<string, unknown>, signal?: AbortSignal) => {
    const context: StageContext = {
      output: (name) => join(folder, name),
      progress: ({ done, total }) => seen.push({ done, total }),
      log() {},
      checkpoint: {
        load: () => Promise.resolve(undefined),
        due: () => false,
        save: () => Promise.resolve(),
      },
      signal: signal ?? new AbortController().signal,
      provider: "cpu",
      ranOn() {},
      threads: 1,
      scratch: join(folder, "scratch"),
    };
    const data = { type: "dataset", digest: "d", path: join(folder, "data") };
    await stage.run(stage.with.parse({ data, ...parameters }), context);
  };
  const scores = async () => JSON.parse(await Deno.readTextFile(join(folder, "scores")));
  try {
    await test({ folder, seen, run, scores });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function randomSplit(count: number) {
  const random = new Random(1);
  const images = Uint8Array.from({ length: count * 3 * side * side }, () => random.integer(256));
  const rows = Array.from({ length: count }, (_, i) => ({
    id: `r${i}`,
    cluster: `c${i % 2}`,
    style: ["ink", "oil"][i % 2]!,
    instruction: "This is a photo of a",
    answer: classes[i % 3]!,
    label: i % 3,
  }));
  return { rows, images, height: side, width: side };
}

const source = (path: string, name = "tiny") => ({ name, digest: `digest of ${name}`, path });

async function writePrompt(folder: string, value: number) {
  const delta = tensor("float32", [3, side, side], new Float32Array(3 * side * side).fill(value));
  const meta = {
    kind: "frame",
    canvas: side,
    image: 12,
    sources: [{ name: "tiny", digest: "digest of tiny" }],
    task: "pets",
    method: "vp",
    loss: { lm: 1 },
    optimizer: "reference",
    lr: 1,
    steps: 1,
    batch: 1,
    seed: 4,
  } as const;
  const path = join(folder, `prompt-${value}.safetensors`);
  await Deno.writeFile(path, encodePrompt({ delta, meta }));
  return { type: "prompt", digest: `${value}`, path };
}

Deno.test("transfer-evaluate scores every row and says what was done", () =>
  withRig(async ({ folder, run, scores, seen }) => {
    const model = source(await writeTinyModel(folder, "mini-minigpt4"));
    await run(transferEvaluate, { model, prompt: "none", batch: 2 });
    const { rows, stem, ...rest } = await scores();
    assert(/^[0-9a-f]{64}$/.test(stem!));
    assertEquals(rows.map(({ id }) => id), ["r0", "r1", "r2", "r3", "r4"]);
    assertEquals(rows.map(({ style }) => style), ["ink", "oil", "ink", "oil", "ink"]);
    assertEquals(new Set(rows.map(({ digest }) => digest)).size, 5);
    for (const row of rows) {
      const best = Math.max(...row.scores!);
      assertEquals(row.scores!.indexOf(best), row.prediction);
      assertEquals(row.hit, row.prediction === row.answer);
      assert(row.scores!.every((score) => score < 0));
    }
    assertEquals(rest, {
      task: "pets",
      model: "tiny",
      modelDigest: "digest of tiny",
      role: "unseen",
      sources: [],
      method: "none",
      seed: null,
      treatment: {},
      delta: { rms: 0, peak: 0 },
      metric: "top1",
      classes,
      mean: rows.filter(({ hit }) => hit).length / 5,
    });
    assertEquals(seen, [{ done: 2, total: 5 }, { done: 4, total: 5 }, { done: 5, total: 5 }]);
  }));

Deno.test("transfer-evaluate gives a row the same scores whatever the batch", () =>
  withRig(async ({ folder, run, scores }) => {
    const model = source(await writeTinyModel(folder, "mini-vpgtrans"));
    await run(transferEvaluate, { model, prompt: "none", batch: 1 });
    const single = await scores();
    await run(transferEvaluate, { model, prompt: "none", batch: 4 });
    const batched = await scores();
    single.rows.forEach((row, r) =>
      row.scores!.forEach((score, c) => {
        assert(Math.abs(score - batched.rows[r]!.scores![c]!) < 1e-5);
      })
    );
  }));

Deno.test("transfer-evaluate takes a prompt's sizes, its name and its sources", () =>
  withRig(async ({ folder, run, scores }) => {
    const model = source(await writeTinyModel(folder, "mini-instructblip"));
    const nothing = await writePrompt(folder, 0);
    await run(transferEvaluate, { model, prompt: nothing });
    const still = await scores();
    assertEquals([still.role, still.method, still.seed, still.sources], ["source", "vp", 4, [
      "tiny",
    ]]);
    await run(transferEvaluate, { model, prompt: "shrunk", imageSize: 12 });
    const shrunk = await scores();
    assertEquals(still.rows, shrunk.rows);
    await run(transferEvaluate, { model, prompt: await writePrompt(folder, 0.7) });
    const prompted = await scores();
    assert(prompted.rows.some((row, i) => row.scores![0] !== shrunk.rows[i]!.scores![0]));
    await run(transferEvaluate, { model: source(model.path, "other"), prompt: nothing });
    assertEquals((await scores()).role, "unseen");
  }));

Deno.test("transfer-evaluate says how a prompt was made and how strong it is", () =>
  withRig(async ({ folder, run, scores }) => {
    const model = source(await writeTinyModel(folder, "mini-minigpt4"));
    await run(transferEvaluate, { model, prompt: await writePrompt(folder, -0.7) });
    const { treatment, delta } = await scores();
    assertEquals(treatment, {
      kind: "frame",
      canvas: 16,
      image: 12,
      optimizer: "reference",
      lr: 1,
      steps: 1,
      batch: 1,
      loss: "1 lm",
      "trained on": "pets",
    });
    assertAlmostEquals(delta.rms, 0.7, 1e-6);
    assertAlmostEquals(delta.peak, 0.7, 1e-6);
  }));

Deno.test("transfer-evaluate draws noise and grey of the strength of a prompt", () =>
  withRig(async ({ folder, run, scores }) => {
    const model = source(await writeTinyModel(folder, "mini-blip2"));
    const like = await writePrompt(folder, 0.7);
    const rowsOf = async (seed: number) => {
      await run(transferEvaluate, { model, prompt: "noise", like, seed });
      return (await scores()).rows;
    };
    assertEquals(await rowsOf(1), await rowsOf(1));
    assert((await rowsOf(1))[0]!.scores![0] !== (await rowsOf(2))[0]!.scores![0]);
    const { method, seed, sources, treatment, delta } = await scores();
    assertEquals([method, seed, sources], ["noise", 2, ["tiny"]]);
    assertEquals(treatment, { canvas: 16, image: 12, kind: "frame", like: "vp" });
    assertAlmostEquals(delta.rms, 0.7, 0.05);
    await run(transferEvaluate, { model, prompt: "plain", like });
    const plain = await scores();
    assertEquals([plain.method, plain.seed], ["plain", 4]);
    assertAlmostEquals(plain.delta.rms, 0.7, 1e-6);
    assertAlmostEquals(plain.delta.peak, 0.7, 1e-6);
  }));

Deno.test("transfer-evaluate takes the strength of several prompts, a given one, or its own", () =>
  withRig(async ({ folder, run, scores }) => {
    const model = source(await writeTinyModel(folder, "mini-blip2"));
    const like = [await writePrompt(folder, 0.3), await writePrompt(folder, 0.9)];
    const found = async (parameters: Record<string, unknown>) => {
      await run(transferEvaluate, { model, prompt: "plain", ...parameters });
      const { delta, treatment, sources } = await scores();
      return [delta.rms.toFixed(4), treatment.like ?? treatment.rms, sources.length];
    };
    assertEquals(await found({ like }), [Math.sqrt((0.09 + 0.81) / 2).toFixed(4), "vp", 1]);
    assertEquals(await found({ like, rms: 0.1 }), ["0.1000", 0.1, 1]);
    assertEquals(await found({ imageSize: 12 }), ["0.2500", 0.25, 0]);
  }));

Deno.test("transfer-evaluate takes CLIP as a zero-shot classifier", () =>
  withRig(async ({ folder, run, scores }) => {
    const model = source(await writeTinyClip(folder), "clip");
    await run(transferEvaluate, { model, prompt: "none" });
    const { role, rows } = await scores();
    assertEquals(role, "clip");
    assert(rows.every((row) => row.scores!.every((score) => Math.abs(score) <= 1 + 1e-6)));
  }));

Deno.test("transfer-evaluate stops when the run is interrupted", () =>
  withRig(async ({ folder, run }) => {
    const model = source(await writeTinyModel(folder, "mini-minigpt4"));
    const reason = new Error("interrupted");
    await assertRejects(
      () => run(transferEvaluate, { model, prompt: "none" }, AbortSignal.abort(reason)),
      Error,
      "interrupted",
    );
  }));

Deno.test("pick-source takes the best candidate, or the one that is named", () =>
  withRig(async ({ folder, run, scores }) => {
    const candidates = [
      source(await writeTinyModel(folder, "mini-minigpt4"), "zoo/a"),
      source(await writeTinyModel(folder, "mini-vpgtrans"), "zoo/b"),
    ];
    await run(pickSource, { candidates });
    const picked = await scores() as unknown as {
      picked: string;
      candidates: { model: string; accuracy: number }[];
    };
    const best = Math.max(...picked.candidates.map(({ accuracy }) => accuracy));
    assertEquals(picked.candidates.find((c) => c.accuracy === best)!.model, picked.picked);
    const copied = await Deno.readTextFile(join(folder, "model", "config.json"));
    const original = candidates.find(({ name }) => name === picked.picked)!;
    assertEquals(copied, await Deno.readTextFile(join(original.path, "config.json")));
    await Deno.remove(join(folder, "model"), { recursive: true });
    await run(pickSource, { candidates, by: "zoo/b" });
    assertEquals((await scores() as unknown as { picked: string }).picked, "zoo/b");
  }));

Deno.test("pick-source lists the candidates where the name is none of them", () =>
  withRig(async ({ run }) => {
    const error = await assertRejects(
      () => run(pickSource, { candidates: [source("/nowhere", "zoo/a")], by: "zoo/b" }),
      DiagnosticError,
    );
    assertEquals(error.diagnostics[0]!.notes, ["Candidates: zoo/a"]);
  }));
