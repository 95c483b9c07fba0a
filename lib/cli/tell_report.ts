/** Writes the result of checking a report for people. @module */
import { chanceToMiss } from "../attestation/draw.ts";
import type { ReportVerdict, TaskVerdict } from "../attestation/judge.ts";
import type { HostFacts } from "../pipeline/contract/job.ts";
import { check, type ReportCheck } from "./check_report.ts";
import { count, table } from "./print.ts";

/** What was computed again. */
export interface ShareFacts {
  readonly verdicts: readonly TaskVerdict[];
  /** All tasks that are signed. */
  readonly all: number;
  /** Tasks whose files were taken from the store or the remote. */
  readonly given: number;
  readonly seed: number;
}

/** The result of one task, for people. */
const stateWords = {
  same: () => "the same bytes",
  agrees: ({ within, cause }) => `agrees within ${points(within!)}: different bytes of ${cause}`,
  open: ({ cause }) => `different bytes of ${cause}, which has no score to compare`,
  follows: ({ cause }) => `different bytes of ${cause}, because its inputs differ`,
  differs: ({ within, cause }) => `differs by ${points(within!)}: different bytes of ${cause}`,
  failed: ({ cause }) => `failed: ${cause}`,
} as const satisfies Record<TaskVerdict["state"], (verdict: TaskVerdict) => string>;

/** A difference of accuracies. */
export function points(difference: number): string {
  return `${Number((difference * 100).toPrecision(2))} points`;
}

/** The row of what was computed again. */
export function checkShare(facts: ShareFacts, { verdict }: ReportVerdict): ReportCheck {
  const { verdicts, all, given, seed } = facts;
  const of = (why: TaskVerdict["why"]) => verdicts.filter((each) => each.why === why).length;
  const same = verdicts.filter(({ state }) => state === "same").length;
  const said = [
    `${of("drawn")} of ${count(all, "task")} drawn by seed ${seed}`,
    ...(of("report") > 0 ? ["the report itself"] : []),
    ...(of("needed") > 0 ? [`${of("needed")} more that these need, or that judge them`] : []),
    ...(given > 0 ? [`${count(given, "other result")} taken by digest`] : []),
    `${same === verdicts.length ? "all" : same} with the same bytes`,
  ].join("; ");
  const notes = verdicts.filter(({ state }) => state !== "same")
    .map((each) => `${each.task}: ${stateWords[each.state](each)}`);
  const state = { same: "good", agrees: "good", undecided: "open", differs: "bad" } as const;
  return check("recomputed", state[verdict], said, notes);
}

/** Rows of all that was looked at. */
export function checkTable(checks: readonly ReportCheck[]): string {
  const rows = checks.flatMap(({ name, state, said, notes = [] }) => [
    [name, state, said],
    ...notes.map((note) => ["", "", `  ${note}`]),
  ]);
  return table(rows);
}

/** The last lines: what may be concluded, and what may not. */
export function conclusion(
  { verdict, within }: ReportVerdict,
  share: ShareFacts | undefined,
  hosts: readonly HostFacts[],
): string {
  if (verdict === "differs") return "NOT VERIFIED";
  const where = `signed on ${hostWords(hosts)}`;
  const bytes =
    `bytes may differ between processors, providers and versions of ONNX Runtime (${where})`;
  if (verdict === "undecided") {
    return `NOT DECIDED: ${bytes}, and there is no score that would show whether this matters\n` +
      "  compute all tasks with --share 100%, or use the kind of machine that signed";
  }
  const seen = share === undefined ? "" : `\n  ${chanceWords(share)}`;
  if (verdict === "same") {
    return `VERIFIED: all tasks that were computed again gave the signed bytes${seen}`;
  }
  return `AGREES within ${points(within!)}, with different bytes: ${bytes}${seen}`;
}

function chanceWords({ verdicts, all }: ShareFacts): string {
  if (verdicts.length === all) return "all tasks were computed again";
  const chance = (wrong: number) => Math.round(100 * chanceToMiss(all, verdicts.length, wrong));
  const ten = all > 10 ? `, ten with ${chance(10)} %` : "";
  return `one false task would go unnoticed with a chance of ${chance(1)} %${ten}`;
}

function hostWords(hosts: readonly HostFacts[]): string {
  const words = hosts.flatMap(({ provider, versions }) =>
    provider === undefined
      ? []
      : [[provider, ...Object.entries(versions).map((each) => each.join(" "))].join(", ")]
  );
  return [...new Set(words)].join("; ") || "a machine without models";
}
