/** Groups runs by what they have in common: what is averaged, paired and compared. @module */
import type { Standing } from "../artifacts/report.ts";
import type { ScoredRow, Scores } from "../artifacts/scores.ts";
import { baselines } from "./baselines.ts";
import { type Layout, layoutOf, type Place } from "./layout.ts";
import { assertPaired, reportMistake, runName } from "./pairing.ts";

/** All runs of one model with one method, which differ in their seed and in nothing else. */
export interface Cell {
  /** The model, or models, the prompt was trained on; null for a baseline. */
  readonly source: string | null;
  /** Its name in tables, with what distinguishes it from others of its method: `tvp, lr 2`. */
  readonly method: string;
  readonly isBaseline: boolean;
  readonly model: string;
  /** By seed. */
  readonly runs: readonly Scores[];
}

const sourceOf = (scores: Scores) => scores.sources.length ? scores.sources.join(" + ") : null;

/** Items by a key, in the order of their first. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    groups.get(name)?.push(item) ?? groups.set(name, [item]);
  }
  return groups;
}

/**
 * The cells of one task in one setting. Only the seed is a repetition: runs whose treatment differs
 * in anything else are rows of their own, named by what differs.
 *
 * @throws {DiagnosticError} If a seed is missing for a model that has others, or is there twice.
 */
export function cellsOf(scores: readonly Scores[]): Cell[] {
  const methods = groupBy(scores, (s) => JSON.stringify([sourceOf(s), s.method]));
  return [...methods.values()].flatMap((ofMethod) =>
    [...groupBy(ofMethod, labelIn(ofMethod))].flatMap(([label, same]) =>
      cellsOfTreatment(label, same)
    )
  );
}

/** Names a run by its method and by the entries of its treatment that differ among these runs. */
function labelIn(runs: readonly Scores[]): (run: Scores) => string {
  const names = new Set(runs.flatMap(({ treatment }) => Object.keys(treatment)));
  const differing = [...names].filter((name) =>
    new Set(runs.map(({ treatment }) => treatment[name])).size > 1
  );
  return ({ method, treatment }) =>
    [method, ...differing.map((name) => `${name} ${treatment[name] ?? "unknown"}`)].join(", ");
}

function cellsOfTreatment(method: string, runs: readonly Scores[]): Cell[] {
  const seeds = new Set(runs.map(({ seed }) => seed));
  return [...groupBy(runs, ({ model }) => model)].map(([model, ofModel]) => {
    assertSeedsOnce(ofModel, seeds);
    return {
      source: sourceOf(ofModel[0]!),
      method,
      isBaseline: baselines.includes(ofModel[0]!.method),
      model,
      runs: ofModel.toSorted((a, b) => (a.seed ?? -1) - (b.seed ?? -1)),
    };
  });
}

function assertSeedsOnce(runs: readonly Scores[], seeds: ReadonlySet<number | null>): void {
  const [{ task, method, model }] = runs as readonly [Scores];
  for (const seed of seeds) {
    const same = runs.filter((run) => run.seed === seed);
    if (same.length === 1) continue;
    throw same.length === 0
      ? reportMistake(
        "missing-seed",
        `Cannot average ${method} over seeds on ${model}, ${task}: seed ${seed} is missing, ` +
          `but other models have it`,
        "Evaluate every model with every seed",
      )
      : reportMistake(
        "seed-twice",
        `Cannot average "${
          runName(same[0]!)
        }" on ${task}: there are ${same.length} runs of it that ` +
          "nothing distinguishes",
        "Give transfer-evaluate a setting, such as { shots: 16 }, or list each run once",
      );
  }
}

/** The hits of a run: 1 or 0 a row. */
export const hits = (scores: Scores) => Float64Array.from(scores.rows, (row) => row.hit ? 1 : 0);

/** Rows that are asked about, answered or not. */
export interface Sample {
  readonly classes?: readonly string[];
  readonly rows: readonly Pick<ScoredRow, "cluster" | "style" | "answer">[];
}

/** The sample that runs of the same rows are of. Classes are strata where a split is balanced over them. */
export function layoutOfRun({ rows, classes }: Sample): Layout {
  const isBalanced = classes !== undefined && isEven(rows.map(({ answer }) => answer));
  return layoutOf(rows.map(({ cluster, style, answer }): Place => ({
    cluster,
    ...(isBalanced ? { stratum: answer } : {}),
    ...(style === undefined ? {} : { style }),
  })));
}

/** Whether all answers are there equally often. */
function isEven(answers: readonly (string | number)[]): boolean {
  const counts = [...groupBy(answers, String).values()].map((same) => same.length);
  return Math.max(...counts) - Math.min(...counts) <= 1;
}

/**
 * The mean of the hits of several cells, for each seed.
 *
 * @param cells Of one method, one a model.
 * @throws {DiagnosticError} If they answered different rows.
 */
export function meanHits(cells: readonly Cell[]): Float64Array[] {
  assertPaired(cells.flatMap(({ runs }) => runs));
  return cells[0]!.runs.map((_, seed) => {
    const means = new Float64Array(cells[0]!.runs[0]!.rows.length);
    for (const { runs } of cells) {
      hits(runs[seed]!).forEach((hit, i) => means[i]! += hit / cells.length);
    }
    return means;
  });
}

/** Whether a model is among those a prompt was trained on. */
function isTrainedOn(source: string, model: string): boolean {
  return source.split(" + ").includes(model);
}

/** The sources of all prompts. */
export function trainedSources(cells: readonly Cell[]): string[] {
  return [...new Set(cells.map((c) => c.source).filter((s) => s !== null))];
}

/**
 * Where a cell's model is beside a source. An unseen model has an encoder of its own if its
 * stem is not the source's while some other unseen model shares it; where none does, all are unseen.
 */
export function standingsOf(cells: readonly Cell[], source: string): (cell: Cell) => Standing {
  const stem = (cell: Cell) => cell.runs[0]!.stem;
  const own = new Set(cells.filter((c) => isTrainedOn(source, c.model)).map(stem));
  const shares = (cell: Cell) => stem(cell) === undefined || own.has(stem(cell));
  const isUnseen = (c: Cell) => c.runs[0]!.role !== "clip" && !isTrainedOn(source, c.model);
  const anyShares = cells.some((c) => isUnseen(c) && shares(c));
  return (cell) => {
    if (cell.runs[0]!.role === "clip") return "clip";
    if (isTrainedOn(source, cell.model)) return "source";
    return !anyShares || shares(cell) ? "unseen" : "own-encoder";
  };
}
