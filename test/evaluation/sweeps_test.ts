import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Scores } from "../../lib/artifacts/scores.ts";
import { summarize } from "../../lib/evaluation/summary.ts";
import { syntheticScores } from "./synthetic_scores.ts";

const models = ["zoo/a", "zoo/b", "zoo/c"];
const none = models.map((model) => syntheticScores({ model, method: "none", rate: 0.5 }));

/** Runs of `tvp` from `source` on every model, in a setting. */
function runs(setting: Scores["setting"], source = "zoo/a"): Scores[] {
  return models.map((model) =>
    syntheticScores({
      model,
      method: "tvp",
      seed: 0,
      rate: 0.6,
      source,
      ...(setting ? { setting } : {}),
    })
  );
}

Deno.test("sweepsOf() follows each entry of the setting and averages over the others", () => {
  const settings = [10, 2].flatMap((severity) =>
    ["fog", "snow"].map((corruption) => ({ corruption, severity }))
  );
  const all = settings.flatMap((setting, i) =>
    runs(setting).map((run) => ({ ...run, mean: 0.1 * i, rows: run.rows }))
  );
  const { sweeps, scores } = summarize([...none, ...all]);
  assertEquals(sweeps.map(({ over, name, values }) => [over, name, values]), [
    ["source", "corruption", ["fog", "snow"]],
    ["source", "severity", [2, 10]],
    ["unseen", "corruption", ["fog", "snow"]],
    ["unseen", "severity", [2, 10]],
  ]);
  const fog = scores.filter((s) =>
    s.model === "zoo/a" && s.method === "tvp" && s.setting!.corruption === "fog"
  );
  const tvp = sweeps[0]!.series.find(({ method }) => method === "tvp")!;
  assertAlmostEquals(tvp.means[0]!, (fog[0]!.mean + fog[1]!.mean) / 2, 1e-12);
});

Deno.test("sweepsOf() has nothing to say of models that no prompt was tried on", () => {
  const all = [2, 10].flatMap((severity) => runs({ severity }).slice(0, 1));
  const { sweeps } = summarize([...none, ...all]);
  assertEquals(sweeps.map(({ over }) => over), ["source"]);
});

Deno.test("sweepsOf() has nothing to say of one value", () => {
  assertEquals(summarize([...none, ...runs({ shots: 4 })]).sweeps, []);
});

Deno.test("transferMatrices() gives the gain over shrunk of every source on every target", () => {
  const shrunk = models.map((model) => syntheticScores({ model, method: "shrunk", rate: 0.4 }));
  const all = [...none, ...shrunk, ...runs(undefined), ...runs(undefined, "zoo/b").slice(0, 2)];
  const { matrices, scores } = summarize(all);
  assertEquals(matrices.length, 1);
  const [matrix] = matrices;
  assertEquals([matrix!.sources, matrix!.models], [["zoo/a", "zoo/b"], models]);
  assertEquals(matrix!.gains[1]![2], null);
  const mean = (method: string, source: string | null) =>
    scores.find((s) => s.model === "zoo/b" && s.method === method && s.source === source)!.mean;
  assertAlmostEquals(matrix!.gains[0]![1]!, mean("tvp", "zoo/a") - mean("shrunk", null), 1e-12);
  assertEquals(summarize([...shrunk, ...runs(undefined)]).matrices, []);
});
