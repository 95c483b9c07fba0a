/** Scores with known hit rates, for tests of the statistics and the report. */
import type { Scores } from "../../lib/artifacts/scores.ts";
import { Random } from "../../lib/tensor/random.ts";

/** Settings of one synthetic run. */
export interface SyntheticRun {
  readonly model: string;
  readonly method: string;
  readonly rate: number;
  readonly role?: Scores["role"];
  readonly seed?: number;
  readonly rows?: number;
  readonly clusters?: number;
  readonly source?: string;
  readonly setting?: Scores["setting"];
  readonly stem?: string;
  readonly treatment?: Scores["treatment"];
  /** Art styles of the drawings. */
  readonly styles?: number;
}

/** A run in which every row is a hit with probability `rate`, drawn from a seed of its own. */
export function syntheticScores(run: SyntheticRun): Scores {
  const { model, method, rate, rows = 400, clusters = 80, source = "zoo/a" } = run;
  const random = new Random(`${model} ${method} ${run.seed ?? 0}`);
  const baseline = run.seed === undefined;
  const hits = Array.from({ length: rows }, () => random.uniform() < rate);
  return {
    task: "emoji10",
    model,
    modelDigest: "0".repeat(64),
    role: run.role ?? "unseen",
    sources: baseline ? [] : [source],
    method,
    seed: baseline ? null : run.seed!,
    treatment: run.treatment ?? {},
    delta: baseline ? { rms: 0, peak: 0 } : { rms: 0.24, peak: 0.9 },
    ...(run.setting ? { setting: run.setting } : {}),
    ...(run.stem ? { stem: run.stem } : {}),
    metric: "top1",
    classes: ["cat", "dog", "bird", "ship"],
    mean: hits.filter((hit) => hit).length / rows,
    rows: hits.map((hit, i) => ({
      id: `row-${i}`,
      digest: `digest ${i}`,
      ...(run.styles === undefined ? {} : { style: `style ${i % clusters % run.styles}` }),
      cluster: `drawing-${i % clusters}`,
      answer: i % 4,
      prediction: hit ? i % 4 : (i + 1 + random.integer(3)) % 4,
      hit,
    })),
  };
}

/** A whole experiment: three models, CLIP, two baselines, two prompts with three seeds. */
export function syntheticExperiment(): Scores[] {
  const models = ["zoo/a", "zoo/b", "zoo/c"];
  const baselines = ["none", "shrunk"].flatMap((method, k) => [
    ...models.map((model) => syntheticScores({ model, method, rate: 0.5 - 0.04 * k })),
    syntheticScores({ model: "zoo/clip", method, rate: 0.62, role: "clip" }),
  ]);
  const prompts = ["vp", "tvp"].flatMap((method, k) =>
    [0, 1, 2].flatMap((seed) =>
      models.map((model) =>
        syntheticScores({
          model,
          method,
          seed,
          rate: 0.6 + 0.03 * k,
          role: model === "zoo/a" ? "source" : "unseen",
        })
      )
    )
  );
  return [...baselines, ...prompts];
}
