import { assertEquals } from "@std/assert";
import { judge, type ReportVerdict, type TaskVerdict } from "../../lib/attestation/judge.ts";

/** 0 → 1 → 2 → 3 */
const dependents = [[1], [2], [3], []];

const verdict = (index: number, state: TaskVerdict["state"], within?: number): TaskVerdict => ({
  index,
  task: String(index),
  why: "drawn",
  state,
  ...(within === undefined ? {} : { within }),
});

const CASES: readonly [string, readonly TaskVerdict[], ReportVerdict][] = [
  ["all the same", [verdict(0, "same"), verdict(2, "same", 0)], { verdict: "same" }],
  [
    "a score that agrees",
    [verdict(0, "same"), verdict(2, "agrees", 0.004)],
    { verdict: "agrees", within: 0.004 },
  ],
  ["a score that does not", [verdict(1, "agrees", 0.001), verdict(2, "differs", 0.1)], {
    verdict: "differs",
  }],
  ["a task that fails", [verdict(0, "same"), verdict(1, "failed")], { verdict: "differs" }],
  ["other bytes and nothing else", [verdict(0, "open")], { verdict: "undecided" }],
  [
    "other bytes, and a score made of them",
    [verdict(0, "open"), verdict(1, "open"), verdict(2, "agrees", 0.002)],
    { verdict: "agrees", within: 0.002 },
  ],
  [
    "other bytes, and the same score made of them",
    [verdict(0, "open"), verdict(1, "same", 0)],
    { verdict: "agrees", within: 0 },
  ],
  [
    "other bytes, and a score made of the signed ones",
    [verdict(0, "open"), verdict(2, "agrees", 0.002)],
    { verdict: "undecided" },
  ],
  [
    "other bytes, and equal ones without a score made of them",
    [verdict(0, "open"), verdict(1, "same")],
    { verdict: "undecided" },
  ],
];

for (const [what, verdicts, expected] of CASES) {
  Deno.test(`judge() of ${what}`, () => assertEquals(judge(verdicts, dependents), expected));
}
