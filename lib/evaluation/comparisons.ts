/** Paired differences between methods. @module */
import {
  assertPaired,
  baselines,
  type Cell,
  differences,
  meanOfSums,
  standingsOf,
  trainedSources,
} from "./cells.ts";
import type { Setting } from "./scores.ts";
import { bootstrapInterval, crossedInterval, holm, meanOf, signFlipTest } from "./statistics.ts";

/** Seeds from which a crossed bootstrap is worth showing. */
const crossedSeeds = 5;

/** A paired difference a − b. */
export interface Comparison {
  readonly task: string;
  readonly source: string;
  readonly setting?: Setting;
  readonly a: string;
  readonly b: string;
  readonly over: Over;
  readonly difference: number;
  readonly ci95: readonly [number, number];
  /** Interval over seeds and clusters, with at least five seeds. */
  readonly crossed95?: readonly [number, number];
  readonly p: number;
  /** Holm-corrected over all comparisons but the primary one. */
  readonly pHolm?: number;
  readonly primary: boolean;
}

/** Models a difference is the mean of: the source's, the unseen ones', those with another encoder's. */
export type Over = "source" | "unseen" | "own-encoder";

/** The comparison named beforehand. */
export interface Primary {
  readonly a: string;
  readonly b: string;
  readonly over: "source" | "unseen";
}

function compare(a: readonly Cell[], b: readonly Cell[]): Pick<
  Comparison,
  "difference" | "ci95" | "crossed95" | "p"
> {
  assertPaired([...a, ...b].flatMap((cell) => cell.runs));
  const bySeed = differences(a, b);
  const sums = meanOfSums(bySeed);
  return {
    difference: meanOf(sums),
    ci95: bootstrapInterval(sums),
    ...(bySeed.length >= crossedSeeds ? { crossed95: crossedInterval(bySeed) } : {}),
    p: signFlipTest(sums),
  };
}

/** Pairs of methods worth comparing: each prompt with both baselines, and with `vp`. */
function methodPairs(methods: readonly string[]): [string, string][] {
  const prompts = methods.filter((m) => !baselines.includes(m));
  const against = ["none", "shrunk"].filter((m) => methods.includes(m));
  return [
    ...prompts.filter((m) => m !== "vp" && methods.includes("vp")).map((m): [string, string] => [
      m,
      "vp",
    ]),
    ...prompts.flatMap((m) => against.map((b): [string, string] => [m, b])),
  ];
}

/** All comparisons of one task in one setting, not corrected yet. */
export function comparisonsOf(
  cells: readonly Cell[],
  options: { readonly primary?: Primary; readonly setting?: Setting } = {},
): Comparison[] {
  const { primary, setting } = options;
  const out: Comparison[] = [];
  for (const source of trainedSources(cells)) {
    const mine = cells.filter((c) => c.source === null || c.source === source);
    const standing = standingsOf(mine, source);
    for (const [a, b] of methodPairs([...new Set(mine.map((c) => c.method))])) {
      for (const over of ["source", "unseen", "own-encoder"] as const) {
        const of = (method: string) =>
          mine.filter((c) => c.method === method && standing(c) === over);
        const [as, bs] = [of(a), of(b)];
        if (!as.length || as.length !== bs.length) continue;
        out.push({
          task: as[0]!.runs[0]!.task,
          source,
          ...(setting ? { setting } : {}),
          a,
          b,
          over,
          ...compare(as, bs),
          primary: primary?.a === a && primary.b === b && primary.over === over,
        });
      }
    }
  }
  return out;
}

/** Corrects all comparisons but the primary ones (Holm 1979). */
export function withHolm(comparisons: readonly Comparison[]): Comparison[] {
  const others = comparisons.filter((c) => !c.primary);
  const corrected = new Map(holm(others.map((c) => c.p)).map((p, i) => [others[i]!, p]));
  return comparisons.map((c) => c.primary ? c : { ...c, pHolm: corrected.get(c)! });
}
