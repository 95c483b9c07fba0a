import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { summarize } from "../../lib/evaluation/summary.ts";
import { syntheticExperiment, syntheticScores } from "./synthetic_scores.ts";

const primary = { a: "tvp", b: "vp", over: "unseen" } as const;

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
  const [first] = comparisons.filter((c) => c.primary);
  assertEquals([first!.over, first!.pHolm], ["unseen", undefined]);
  assert(comparisons.filter((c) => !c.primary).every((c) => c.pHolm! >= c.p));
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

Deno.test("summarize() says which preconditions fail", () => {
  const runs = [
    syntheticScores({ model: "zoo/a", method: "none", rate: 0.3 }),
    syntheticScores({ model: "zoo/b", method: "none", rate: 0.95 }),
    syntheticScores({ model: "zoo/a", method: "shrunk", rate: 0.6 }),
    syntheticScores({ model: "zoo/clip", method: "shrunk", rate: 0.4, role: "clip" }),
  ];
  const { preconditions } = summarize(runs);
  assertEquals(preconditions.map((c) => c.holds), [false, false, false, true]);
});

Deno.test("summarize() takes the commonest of free answers for chance", () => {
  const { classes: _, ...run } = syntheticScores({ model: "zoo/a", method: "none", rate: 0.4 });
  const answers = ["one", "one", "two", "three", "one"];
  const rows = run.rows.map((row, i) => ({ ...row, answer: answers[i % 5]!, prediction: "one" }));
  const { preconditions: [range] } = summarize([{ ...run, rows }]);
  assertMatch(range!.found, /chance 60\.0 %$/);
});

Deno.test("summarize() rejects scores of different rows", () => {
  const runs = syntheticExperiment().filter((s) => s.method === "none" || s.seed === 0);
  const short = { ...runs[0]!, rows: runs[0]!.rows.slice(1) };
  assertThrows(() => summarize([short, ...runs.slice(1)]), RangeError, "evaluate them on the same");
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
  assertEquals(preconditions.filter(({ name }) => name.startsWith("zoo/a")).length, 1);
});
