import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import type { Scores } from "../../lib/artifacts/scores.ts";
import { summarize } from "../../lib/evaluation/summary.ts";
import { syntheticExperiment, syntheticScores } from "./synthetic_scores.ts";

const primary = [{ a: "tvp", b: "vp", over: "unseen" }] as const;

Deno.test("summarize() gives a mean per model and method with every seed's value", () => {
  const { scores } = summarize(syntheticExperiment());
  const vp = scores.find((s) => s.method === "vp" && s.model === "zoo/a")!;
  assertEquals(vp.seeds.map((s) => s.seed), [0, 1, 2]);
  assertAlmostEquals(vp.mean, vp.seeds.reduce((sum, s) => sum + s.mean, 0) / 3, 1e-12);
  assert(vp.ci95[0] < vp.mean && vp.mean < vp.ci95[1]);
  assertEquals(scores.slice(0, 4).map((s) => s.method), ["none", "none", "none", "none"]);
});

Deno.test("summarize() knows the source also in the baselines", () => {
  const { scores } = summarize(syntheticExperiment());
  const roles = scores.filter((s) => s.method === "none").map((s) => `${s.model} ${s.role}`);
  assertEquals(roles, ["zoo/a source", "zoo/b unseen", "zoo/c unseen", "zoo/clip clip"]);
});

Deno.test("summarize() compares prompts with both baselines and with vp, and marks the primary", () => {
  const { comparisons } = summarize(syntheticExperiment(), { primary });
  const names = new Set(comparisons.map((c) => `${c.a} − ${c.b}`));
  assertEquals([...names], [
    "tvp − vp",
    "vp − none",
    "vp − shrunk",
    "tvp − none",
    "tvp − shrunk",
  ]);
  const [first, ...more] = comparisons.filter((c) => c.primary);
  assertEquals([first!.over, more.length], ["unseen", 0]);
  assertEquals(first!.pHolm, first!.p);
  assert(comparisons.filter((c) => !c.primary).every((c) => c.pHolm === undefined));
});

Deno.test("summarize() corrects the primary family alone, and says which of it has no scores", () => {
  const family = [
    { a: "tvp", b: "vp", over: "unseen" },
    { a: "tvp", b: "shrunk", over: "unseen" },
    { a: "vp", b: "shrunk", over: "source" },
    { a: "evp", b: "vp", over: "unseen" },
  ] as const;
  const { comparisons, missing } = summarize(syntheticExperiment(), { primary: family });
  assertEquals(missing, [family[3]]);
  const found = comparisons.filter((c) => c.primary);
  assertEquals(found.length, 3);
  const smallest = found.toSorted((a, b) => a.p - b.p)[0]!;
  assertAlmostEquals(smallest.pHolm!, Math.min(1, 3 * smallest.p), 1e-12);
});

Deno.test("summarize() takes a paired difference as the difference of the means", () => {
  const { scores, comparisons } = summarize(syntheticExperiment());
  const mean = (method: string) =>
    scores.find((s) => s.method === method && s.model === "zoo/a")!.mean;
  const difference = comparisons.find((c) =>
    c.a === "vp" && c.b === "none" && c.over === "source"
  )!;
  assertAlmostEquals(difference.difference, mean("vp") - mean("none"), 1e-12);
});

Deno.test("summarize() averages the unseen models without the source and CLIP", () => {
  const { scores, unseenMeans } = summarize(syntheticExperiment());
  const vp = scores.filter((s) => s.method === "vp" && s.role === "unseen");
  const mean = unseenMeans.find((s) => s.method === "vp")!;
  assertEquals(mean.model, "mean of 2 unseen");
  assertAlmostEquals(mean.mean, (vp[0]!.mean + vp[1]!.mean) / 2, 1e-12);
});

Deno.test("summarize() takes one named comparison of two tasks for a family of two", () => {
  const runs = syntheticExperiment();
  const other = runs.map((run) => ({
    ...run,
    task: "digits10",
    rows: run.rows.map((row) => ({ ...row, digest: `other ${row.digest}` })),
  }));
  const { comparisons } = summarize([...runs, ...other], { primary });
  const family = comparisons.filter((c) => c.primary);
  assertEquals(family.map((c) => c.task), ["emoji10", "digits10"]);
  assertAlmostEquals(family[0]!.pHolm!, Math.min(1, 2 * family[0]!.p), 1e-12);
});

/** A whole message, with its notes. */
function mistakeOf(run: () => unknown): string {
  const { diagnostics: [found] } = assertThrows(run, DiagnosticError);
  return [found!.message, ...found!.notes ?? []].join("\n");
}

Deno.test("summarize() does not pair different data, and names both", () => {
  const runs = syntheticExperiment();
  const other = {
    ...runs[1]!,
    rows: runs[1]!.rows.map((row, i) => i < 100 ? row : { ...row, digest: "x" }),
  };
  assertEquals(
    mistakeOf(() => summarize(runs.map((run) => run === runs[1] ? other : run))),
    `Cannot compare "none on zoo/b" with "none on zoo/c" on emoji10: they answered different data (400 and 400 rows, 100 of them the same by image, instruction and answer)
Evaluate both on the same split, or distinguish them by a setting`,
  );
});

Deno.test("summarize() takes a missing seed for a mistake", () => {
  const runs = syntheticExperiment();
  const without = (missing: (run: Scores) => boolean) => runs.filter((run) => !missing(run));
  assertEquals(
    mistakeOf(() =>
      summarize(without((r) => r.method === "vp" && r.seed === 1 && r.model === "zoo/b"))
    ),
    `Cannot average vp over seeds on zoo/b, emoji10: seed 1 is missing, but other models have it
Evaluate every model with every seed`,
  );
  assertEquals(
    mistakeOf(() => summarize(without((r) => r.method === "vp" && r.seed === 1))),
    `Cannot compare tvp with vp on zoo/a, emoji10: one has the seeds 0, 1, 2, the other 0, 2
Train and evaluate both with the same seeds`,
  );
});

Deno.test("summarize() refuses runs that nothing tells apart, and one name for two models", () => {
  const [first, ...rest] = syntheticExperiment();
  assertEquals(
    mistakeOf(() => summarize([first!, first!, ...rest])),
    `Cannot average "none on zoo/a" on emoji10: there are 2 runs of it that nothing distinguishes
Give transfer-evaluate a setting, such as { shots: 16 }, or list each run once`,
  );
  assertEquals(
    mistakeOf(() => summarize([{ ...first!, modelDigest: "1".repeat(64) }, ...rest])),
    `Cannot distinguish two models: both are called zoo/a, their contents differ (111111111111 and 000000000000)
Give each model its own name`,
  );
});

Deno.test("summarize() averages seeds and nothing else: other settings are rows of their own", () => {
  const runs = [1, 8].flatMap((lr) =>
    [0, 1].map((seed) =>
      syntheticScores({
        ...{ model: "zoo/a", method: "vp", seed, rate: 0.5, role: "source" },
        treatment: { canvas: 64, lr },
      })
    )
  );
  const { scores } = summarize(runs);
  assertEquals(scores.map(({ method, seeds }) => [method, seeds.length]), [
    ["vp, lr 1", 2],
    ["vp, lr 8", 2],
  ]);
});

Deno.test("summarize() tells of clusters, styles and the size of δ", () => {
  const runs = ["none", "vp"].map((method) =>
    syntheticScores({
      ...{ model: "zoo/a", method, rate: 0.5, styles: 4, role: "source" },
      ...(method === "vp" ? { seed: 0 } : {}),
    })
  );
  const { scores: [none, vp], comparisons: [difference] } = summarize(runs);
  assertEquals([none!.n, none!.clusters, none!.styles], [400, 80, 4]);
  assertEquals([none!.delta, vp!.delta], [{ rms: 0, peak: 0 }, { rms: 0.24, peak: 0.9 }]);
  assertEquals([difference!.rows, difference!.clusters, difference!.seeds], [400, 80, 1]);
});

Deno.test("summarize() keeps a model with an encoder of its own out of the unseen mean", () => {
  const stems = { "zoo/a": "shared", "zoo/b": "shared", "zoo/c": "other" };
  const runs = syntheticExperiment().map((run) => {
    const stem = stems[run.model as keyof typeof stems];
    return stem === undefined ? run : { ...run, stem };
  });
  const { scores, unseenMeans, comparisons } = summarize(runs);
  const role = (model: string) => scores.find((s) => s.model === model)!.role;
  assertEquals(["zoo/a", "zoo/b", "zoo/c", "zoo/clip"].map(role), [
    "source",
    "unseen",
    "own-encoder",
    "clip",
  ]);
  assertEquals(unseenMeans[0]!.model, "mean of 1 unseen");
  const of = (over: string) =>
    comparisons.find((c) => c.a === "tvp" && c.b === "vp" && c.over === over)!;
  const mean = (method: string) =>
    scores.find((s) => s.method === method && s.model === "zoo/c")!.mean;
  assertAlmostEquals(of("own-encoder").difference, mean("tvp") - mean("vp"), 1e-12);
  assert(of("own-encoder").difference !== of("unseen").difference);
});

Deno.test("summarize() takes all unseen models where none shares the source's encoder", () => {
  const runs = syntheticExperiment().map((run) => ({ ...run, stem: run.model }));
  assertEquals(summarize(runs).unseenMeans[0]!.model, "mean of 2 unseen");
});

Deno.test("summarize() compares within a setting, with the baselines that all settings share", () => {
  const plain = ["none", "shrunk"].flatMap((method) =>
    ["zoo/a", "zoo/b"].map((model) => syntheticScores({ model, method, rate: 0.5 }))
  );
  const prompted = [4, 16].flatMap((shots) =>
    ["vp", "tvp"].flatMap((method) =>
      ["zoo/a", "zoo/b"].map((model) =>
        syntheticScores({ model, method, seed: 0, rate: 0.5 + shots / 100, setting: { shots } })
      )
    )
  );
  const { scores, comparisons, preconditions } = summarize([...plain, ...prompted]);
  assertEquals(
    new Set(comparisons.map(({ setting }) => setting!.shots)),
    new Set([4, 16]),
  );
  assertEquals(comparisons.filter(({ a, b }) => a === "vp" && b === "none").length, 4);
  assertEquals(scores.filter(({ setting }) => setting!.shots === 4).length, 8);
  assertEquals(new Set(preconditions.map(({ name }) => name)).size, preconditions.length);
});
