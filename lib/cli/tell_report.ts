/** What a check of a report comes to, in words. @module */
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

/** Of one task the part that people want to know. */
const stateWords = {
  same: () => "the same bytes",
  agrees: ({ within, cause }) => `agrees within ${points(within!)}: other bytes of ${cause}`,
  open: ({ cause }) => `other bytes of ${cause}, which has no score to compare`,
  follows: ({ cause }) => `other bytes of ${cause}, as it was made of others`,
  differs: ({ within, cause }) => `differs by ${points(within!)}: other bytes of ${cause}`,
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
    ...(of("needed") > 0 ? [`${of("needed")} more that these need or are judged by`] : []),
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
    return `NOT DECIDED: ${bytes}, and no score tells whether it matters here\n` +
      "  --share 100% computes all that has scores; or use the machine's kind that signed";
  }
  const seen = share === undefined ? "" : `\n  ${chanceWords(share)}`;
  if (verdict === "same") return `VERIFIED: what was computed again has the signed bytes${seen}`;
  return `AGREES within ${points(within!)}, and is not the same: ${bytes}${seen}`;
}

function chanceWords({ verdicts, all }: ShareFacts): string {
  if (verdicts.length === all) return "all of it was computed again";
  const chance = (wrong: number) => Math.round(100 * chanceToMiss(all, verdicts.length, wrong));
  const ten = all > 10 ? `, ten with ${chance(10)} %` : "";
  return `if one task were false it would stay unseen with a chance of ${chance(1)} %${ten}`;
}

function hostWords(hosts: readonly HostFacts[]): string {
  const words = hosts.flatMap(({ provider, versions }) =>
    provider === undefined
      ? []
      : [[provider, ...Object.entries(versions).map((each) => each.join(" "))].join(", ")]
  );
  return [...new Set(words)].join("; ") || "a machine without models";
}
