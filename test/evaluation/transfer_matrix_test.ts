import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { ScoreSummary } from "../../lib/artifacts/report.ts";
import { transferMatrices } from "../../lib/evaluation/transfer_matrix.ts";

function score(part: Partial<ScoreSummary> & { model: string; mean: number }): ScoreSummary {
  return {
    ...{ task: "t", method: "tvp", source: null, role: "unseen" },
    ...part,
  } as ScoreSummary;
}

const shrunk = [
  score({ method: "shrunk", model: "a", mean: 0.5 }),
  score({ method: "shrunk", model: "b", mean: 0.4 }),
];

const prompted = [
  score({ source: "a", model: "a", mean: 0.7, role: "source" }),
  score({ source: "a", model: "b", mean: 0.45 }),
  score({ source: "b", model: "b", mean: 0.3, role: "source" }),
];

Deno.test("transferMatrices() gives gains over shrunk: sources down, targets across", () => {
  const [matrix, ...others] = transferMatrices([...shrunk, ...prompted]);
  assertEquals(others, []);
  const { gains, ...rest } = matrix!;
  assertEquals(rest, { task: "t", method: "tvp", sources: ["a", "b"], models: ["a", "b"] });
  const [[own, other], [missing, worse]] = gains as [[number, number], [null, number]];
  assertAlmostEquals(own, 0.2);
  assertAlmostEquals(other, 0.05);
  assertEquals(missing, null);
  assertAlmostEquals(worse, -0.1);
});

Deno.test("transferMatrices() needs two sources, and leaves out settings and CLIP", () => {
  assertEquals(transferMatrices([...shrunk, ...prompted.slice(0, 2)]), []);
  const set = prompted.map((each) => ({ ...each, setting: { shots: 16 } }));
  assertEquals(transferMatrices([...shrunk, ...set]), []);
  const clip = prompted.map((each) => ({ ...each, role: "clip" as const }));
  assertEquals(transferMatrices([...shrunk, ...clip]), []);
});
