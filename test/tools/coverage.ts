/**
 * How often the report's 95 % intervals hold the truth, where the truth is known: experiments are
 * simulated with the classes, drawings, styles and seeds of the benchmark's own test splits.
 *
 *     deno run -A test/tools/coverage.ts [draws [split]]
 *
 * A model answers right where a normal score is above 0. The score adds what is the same for all
 * methods (class, drawing, style, image, model) and what a method adds: an effect of its own, on
 * each class, drawing and style, and for a trained prompt on each seed and on each drawing by seed.
 * Rows, drawings, styles and seeds are drawn anew in every experiment; classes are not. The true
 * difference follows from the variances in closed form.
 *
 * @module
 */
import jstat from "jstat";
import { type Estimate, estimate, holm } from "../../lib/evaluation/estimate.ts";
import { layoutOf, type Place } from "../../lib/evaluation/layout.ts";
import { twoSidedT } from "../../lib/evaluation/distributions.ts";
import { Random } from "../../lib/tensor/random.ts";

/** The sample behind a test split. */
interface Structure {
  readonly name: string;
  /** Drawings of each class; a class alone has answers that no drawing is tied to. */
  readonly drawings: readonly number[];
  /** Images of each class. */
  readonly images: number;
  readonly styles: number;
}

const structures: readonly Structure[] = [
  {
    name: "emoji10",
    drawings: [5, 5, 5, 6, 8, 9, 10, 11, 14, 16],
    images: 100,
    styles: 4,
  },
  {
    name: "kind10",
    drawings: [11, 15, 18, 18, 19, 21, 22, 23, 30, 51],
    images: 100,
    styles: 4,
  },
  { name: "digits10", drawings: Array(10).fill(300), images: 100, styles: 0 },
  {
    name: "presence, meme-match, emoji-count",
    drawings: [89],
    images: 1000,
    styles: 4,
  },
  { name: "four drawings a class", drawings: Array(10).fill(4), images: 100, styles: 0 },
  { name: "twelve drawings in all", drawings: [12], images: 240, styles: 0 },
];

/** Standard deviations of what a method adds to the score, where an image's own is about 1. */
interface Scenario {
  readonly name: string;
  /** Mean effect of the first method over the second. */
  readonly effect: number;
  readonly byClass: number;
  readonly byDrawing: number;
  readonly byStyle: number;
  readonly bySeed: number;
  readonly byDrawingAndSeed: number;
}

const quiet = { byClass: 0, byDrawing: 0.2, byStyle: 0, bySeed: 0.03, byDrawingAndSeed: 0.3 };
const scenarios: readonly Scenario[] = [
  { name: "no effect", effect: 0, ...quiet },
  { name: "gain", effect: 0.4, ...quiet, byClass: 0.3, byDrawing: 0.4 },
  { name: "seeds vary", effect: 0.1, ...quiet, byClass: 0.2, bySeed: 0.15 },
  { name: "styles vary", effect: 0.1, ...quiet, byClass: 0.2, byStyle: 0.3 },
];

/** The models whose mean is compared, and how alike they answer. */
const models = 3;
const common = { drawing: 0.6, style: 0.2, image: 0.6, model: 0.4, chance: 0.4 };

/** Comparisons of a family, of which none has an effect. */
const family = 4;

const { jStat } = jstat as { jStat: { normal: { cdf(x: number, m: number, s: number): number } } };

/** Mean score of each class without an effect, and the first method's effect on it. */
function classMeans({ drawings }: Structure, { effect, byClass }: Scenario) {
  const middle = (drawings.length - 1) / 2;
  return drawings.map((_, h) => {
    const place = middle === 0 ? 0 : (h - middle) / middle;
    return { base: 0.2 + 0.5 * place, effect: effect + byClass * (h % 2 === 0 ? 1 : -1) };
  });
}

/** Share of right answers of both methods, over everything that is drawn. */
function truth(structure: Structure, scenario: Scenario, seeds: number): [number, number] {
  const { byDrawing, byStyle, bySeed, byDrawingAndSeed } = scenario;
  const styled = structure.styles > 0 ? 1 : 0;
  const shared = common.drawing ** 2 + styled * common.style ** 2 + common.image ** 2 +
    common.model ** 2 + common.chance ** 2;
  const spread = Math.sqrt(
    shared + byDrawing ** 2 + styled * byStyle ** 2 + (seeds > 1 ? bySeed ** 2 : 0) +
      byDrawingAndSeed ** 2,
  );
  const means = classMeans(structure, scenario);
  const share = (score: (h: typeof means[number]) => number) =>
    means.reduce((sum, h) => sum + jStat.normal.cdf(score(h) / spread, 0, 1), 0) / means.length;
  return [share(({ base, effect }) => base + effect), share(({ base }) => base)];
}

/** Independent normal values of one deviation. */
const normals = (count: number, deviation: number, random: Random) =>
  Float64Array.from({ length: count }, () => deviation === 0 ? 0 : deviation * random.normal());

/** One row: its class, drawing and style. */
interface RowOfSample {
  readonly class: number;
  readonly drawing: number;
  readonly style: number;
}

/** Images of every class, each of a random drawing; the styles of drawings take turns. */
function drawRows({ drawings, images, styles }: Structure, random: Random): RowOfSample[] {
  let before = 0;
  return drawings.flatMap((count, h) => {
    const first = before;
    before += count;
    return Array.from({ length: images }, () => {
      const drawing = first + random.integer(count);
      return { class: h, drawing, style: styles === 0 ? 0 : drawing % styles };
    });
  });
}

/** What a method adds to the score of every row, by seed. */
function effects(
  rows: readonly RowOfSample[],
  scenario: Scenario,
  options: { readonly ofClass: readonly number[]; readonly seeds: number; readonly random: Random },
): Float64Array[] {
  const { ofClass, seeds, random } = options;
  const drawings = Math.max(...rows.map((row) => row.drawing)) + 1;
  const byDrawing = normals(drawings, scenario.byDrawing, random);
  const byStyle = normals(8, scenario.byStyle, random);
  const bySeed = normals(seeds, seeds > 1 ? scenario.bySeed : 0, random);
  const hasStyles = rows.some((row) => row.style > 0);
  return Array.from({ length: seeds }, (_, s) => {
    const bySeedToo = normals(drawings, scenario.byDrawingAndSeed, random);
    return Float64Array.from(
      rows,
      (row) =>
        ofClass[row.class]! + byDrawing[row.drawing]! + (hasStyles ? byStyle[row.style]! : 0) +
        bySeed[s]! + bySeedToo[row.drawing]!,
    );
  });
}

/** For each seed the share of models that answer a row right. */
function answers(
  base: readonly Float64Array[],
  added: readonly Float64Array[],
  random: Random,
): Float64Array[] {
  return added.map((ofSeed) =>
    ofSeed.map((effect, i) => {
      let right = 0;
      for (const ofModel of base) {
        if (ofModel[i]! + effect + common.chance * random.normal() > 0) right++;
      }
      return right / base.length;
    })
  );
}

/** What one experiment found. */
interface Experiment {
  readonly difference: Estimate;
  readonly accuracy: Estimate;
  /** p of a family without effects. */
  readonly family: readonly number[];
}

function experiment(
  structure: Structure,
  scenario: Scenario,
  { seeds, random }: { readonly seeds: number; readonly random: Random },
): Experiment {
  const rows = drawRows(structure, random);
  const drawings = normals(Math.max(...rows.map((r) => r.drawing)) + 1, common.drawing, random);
  const styles = normals(8, structure.styles > 0 ? common.style : 0, random);
  const means = classMeans(structure, scenario);
  const shared = rows.map((row) =>
    means[row.class]!.base + drawings[row.drawing]! + styles[row.style]! +
    common.image * random.normal()
  );
  const base = Array.from(
    { length: models },
    () => Float64Array.from(shared, (score) => score + common.model * random.normal()),
  );
  const method = (ofClass: readonly number[]) =>
    answers(base, effects(rows, scenario, { ofClass, seeds, random }), random);
  const [a, b] = [method(means.map((h) => h.effect)), method(means.map(() => 0))];
  const layout = layoutOf(rows.map((row): Place => ({
    cluster: `${row.drawing}`,
    stratum: row.class,
    ...(structure.styles > 0 ? { style: `${row.style}` } : {}),
  })));
  const less = (one: readonly Float64Array[], other: readonly Float64Array[]) =>
    estimate(layout, one.map((values, s) => values.map((x, i) => x - other[s]![i]!)), [-1, 1]);
  const others = scenario.effect === 0
    ? Array.from({ length: family - 1 }, () => less(method(means.map(() => 0)), b).p)
    : [];
  const difference = less(a, b);
  return {
    difference,
    accuracy: estimate(layout, a, [0, 1]),
    family: scenario.effect === 0 ? [difference.p, ...others] : [],
  };
}

const percent = (share: number, digits = 1) => (100 * share).toFixed(digits);

/** One row of the table. */
function simulate(structure: Structure, scenario: Scenario, seeds: number, draws: number) {
  const [right, other] = truth(structure, scenario, seeds);
  const count = { difference: 0, accuracy: 0, alone: 0, clear: 0, family: 0 };
  let width = 0;
  for (let draw = 0; draw < draws; draw++) {
    const random = new Random(`${structure.name}/${scenario.name}/${seeds}/${draw}`);
    const found = experiment(structure, scenario, { seeds, random });
    const { ci95: [low, high], mean, errors, p } = found.difference;
    const holds = ([from, to]: readonly [number, number], value: number) =>
      from <= value && value <= to;
    const { variance, freedom } = errors.clusters!;
    if (holds([low, high], right - other)) count.difference++;
    if (holds(found.accuracy.ci95, right)) count.accuracy++;
    if (Math.abs(mean - right + other) <= twoSidedT(0.05, freedom) * Math.sqrt(variance)) {
      count.alone++;
    }
    if (p < 0.05) count.clear++;
    if (holm(found.family).some((corrected) => corrected < 0.05)) count.family++;
    width += (high - low) / 2 / draws;
  }
  const share = (name: keyof typeof count) => percent(count[name] / draws);
  const isNull = scenario.effect === 0;
  return [
    structure.name,
    String(seeds),
    scenario.name,
    percent(right - other),
    `± ${percent(width)}`,
    share("difference"),
    share("accuracy"),
    share("alone"),
    isNull ? share("clear") : "",
    isNull ? share("family") : "",
  ];
}

/** Rows of a Markdown table as they come. */
function main(draws: number, split: string | undefined): void {
  const head = [
    ...["split", "seeds", "scenario", "true difference", "interval", "coverage", "of accuracies"],
    ...["if drawings alone varied", "p < 0.05", `any of ${family} by Holm`],
  ];
  console.log(
    `| ${head.join(" | ")} |\n| ${head.map((_, i) => i < 3 ? "---" : "---:").join(" | ")} |`,
  );
  for (const structure of structures) {
    if (split !== undefined && structure.name !== split) continue;
    for (const seeds of [1, 3, 5]) {
      for (const scenario of scenarios) {
        if (scenario.bySeed > 0.1 && seeds === 1) continue;
        if (scenario.byStyle > 0 && structure.styles === 0) continue;
        console.log(`| ${simulate(structure, scenario, seeds, draws).join(" | ")} |`);
      }
    }
  }
  const error = Math.sqrt(0.95 * 0.05 / draws);
  console.log(
    `\n${draws} experiments a row; standard error of a coverage of 95 %: ${percent(error, 2)}`,
  );
}

if (import.meta.main) main(Number(Deno.args[0] ?? 2000), Deno.args[1]);
