import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { classResults } from "../../lib/evaluation/class_results.ts";
import { metricsOf } from "../../lib/evaluation/metrics.ts";
import { vqaCredit } from "../../lib/evaluation/vqa_answer.ts";
import type { ScoredRow, Scores } from "../../lib/artifacts/scores.ts";
import { syntheticScores } from "./synthetic_scores.ts";

/** Rows from log-odds of yes, and whether the truth is yes (class 0). */
function yesNo(rows: readonly (readonly [margin: number, truth: boolean])[]): Scores {
  const base = syntheticScores({ model: "zoo/a", method: "none", rate: 1, rows: 1, clusters: 1 });
  return {
    ...base,
    classes: ["yes", "no"],
    rows: rows.map(([margin, truth], i): ScoredRow => ({
      id: String(i),
      digest: String(i),
      cluster: String(i),
      answer: truth ? 0 : 1,
      prediction: margin > 0 ? 0 : 1,
      scores: [margin, 0],
      hit: (margin > 0) === truth,
    })),
  };
}

Deno.test("metricsOf() gives precision, recall, F1, yes-ratio and ROC-AUC of yes and no", () => {
  // Said yes: 3, of which 2 right; the truth is yes: 4.
  const found = metricsOf(yesNo([
    [2, true],
    [1, true],
    [0.5, false],
    [-1, true],
    [-2, false],
    [-3, true],
  ]));
  assertAlmostEquals(found.precision!, 2 / 3);
  assertAlmostEquals(found.recall!, 2 / 4);
  assertAlmostEquals(found.f1!, 4 / 7);
  assertAlmostEquals(found.yesRatio!, 3 / 6);
  // Pairs (yes, no) in order: 2>0.5, 1>0.5, 2>-2, 1>-2, -1>-2; wrong: -1<0.5, -3<both.
  assertAlmostEquals(found.auc!, 5 / 8);
});

Deno.test("metricsOf() counts ties in the ROC-AUC half, and a share of nothing as 0", () => {
  assertAlmostEquals(metricsOf(yesNo([[1, true], [1, false]])).auc!, 0.5);
  assertEquals(metricsOf(yesNo([[-1, true], [-1, false]])).precision, 0);
  assertEquals(metricsOf(yesNo([[1, true]])).auc, 0.5);
});

Deno.test("the ROC-AUC is the share of pairs in the right order", () => {
  const row = fc.tuple(fc.integer({ min: -3, max: 3 }), fc.boolean());
  fc.assert(fc.property(fc.array(row, { minLength: 2, maxLength: 20 }), (rows) => {
    const [yes, no] = [true, false].map((truth) => rows.filter((r) => r[1] === truth));
    fc.pre(yes!.length > 0 && no!.length > 0);
    const pairs = yes!.flatMap(([a]) => no!.map(([b]) => a > b ? 1 : a === b ? 0.5 : 0));
    const expected = pairs.reduce((sum: number, x) => sum + x, 0) / pairs.length;
    assertAlmostEquals(metricsOf(yesNo(rows)).auc!, expected, 1e-12);
  }));
});

Deno.test("metricsOf() gives top-5 from ten classes on, and how free answers hold the truth", () => {
  const base = syntheticScores({ model: "zoo/a", method: "none", rate: 1, rows: 2, clusters: 1 });
  const classes = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  const scores = classes.map((_, i) => -i);
  const row = { ...base.rows[0]!, scores, prediction: 0 };
  const rows = [{ ...row, answer: 4 }, { ...row, answer: 5 }];
  assertEquals(metricsOf({ ...base, classes, rows }), { top5: 0.5 });
  const same = classes.map(() => 1);
  const tied = rows.map((row) => ({ ...row, scores: same }));
  assertEquals(metricsOf({ ...base, classes, rows: tied }), { top5: 0.5 });
  assertEquals(metricsOf(base), {});
  const { classes: _, ...free } = base;
  assertEquals(metricsOf(free), { exact: 1, contains: 1 });
});

interface Reference {
  readonly yesNo: readonly (Record<string, number> & {
    readonly margins: readonly number[];
    readonly truth: readonly boolean[];
  })[];
  readonly classes: readonly {
    readonly truth: readonly number[];
    readonly scores: readonly (readonly number[])[];
    readonly confusion: readonly (readonly number[])[];
    readonly recalls: readonly number[];
    readonly classMean: number;
    readonly top5: number | null;
  }[];
  readonly vqa: readonly { readonly agreeing: number; readonly credit: number }[];
}

const reference: Reference = JSON.parse(
  await Deno.readTextFile(new URL("metrics/reference.json", import.meta.url)),
);

Deno.test("metricsOf() agrees with scikit-learn on yes and no", () => {
  for (const { margins, truth, ...expected } of reference.yesNo) {
    const scores = yesNo(margins.map((margin, i) => [margin, truth[i]!]));
    const found: Record<string, number> = {
      ...metricsOf(scores),
      accuracy: scores.rows.filter(({ hit }) => hit).length / scores.rows.length,
    };
    for (const [name, value] of Object.entries(expected) as [string, number][]) {
      assertAlmostEquals(found[name]!, value, 1e-12, name);
    }
  }
});

/** A run with these scores of each class. */
function classified({ truth, scores }: Reference["classes"][number]): Scores {
  const base = syntheticScores({ model: "zoo/a", method: "none", rate: 1, rows: 1, clusters: 1 });
  const rows = truth.map((answer, i): ScoredRow => {
    const prediction = scores[i]!.indexOf(Math.max(...scores[i]!));
    const named = { id: String(i), digest: String(i), cluster: String(i) };
    return { ...named, answer, prediction, scores: [...scores[i]!], hit: prediction === answer };
  });
  return { ...base, classes: scores[0]!.map((_, i) => `class ${i}`), rows };
}

Deno.test("metricsOf() and classResults() agree with scikit-learn on classes", () => {
  for (const one of reference.classes) {
    const run = classified(one);
    assertAlmostEquals(metricsOf(run).classMean!, one.classMean, 1e-12);
    if (one.top5 !== null) assertAlmostEquals(metricsOf(run).top5!, one.top5, 1e-12);
    const results = classResults([run])!;
    assertEquals(results.map(({ answered }) => answered), [...one.confusion] as number[][]);
    results.forEach(({ mean }, i) => assertAlmostEquals(mean, one.recalls[i]!, 1e-12));
  }
});

Deno.test("classResults() averages over seeds, and counts no confusions of many classes", () => {
  const rows = (said: number): ScoredRow[] => [
    { id: "0", digest: "0", cluster: "0", answer: 0, prediction: said, hit: said === 0 },
  ];
  const base = syntheticScores({ model: "zoo/a", method: "none", rate: 1, rows: 1, clusters: 1 });
  const runs = [0, 1].map((said) => ({ ...base, classes: ["cat", "dog"], rows: rows(said) }));
  assertEquals(classResults(runs), [
    { name: "cat", rows: 1, mean: 0.5, answered: [0.5, 0.5] },
    { name: "dog", rows: 0, mean: 0, answered: [0, 0] },
  ]);
  const many = Array.from({ length: 21 }, (_, i) => `class ${i}`);
  assertEquals(classResults([{ ...base, classes: many, rows: rows(0) }])![0], {
    ...{ name: "class 0", rows: 1, mean: 1 },
  });
  const { classes: _, ...free } = base;
  assertEquals(classResults([free]), undefined);
});

Deno.test("vqaCredit() leaves out each person once, as the official evaluation does", () => {
  for (const { agreeing, credit } of reference.vqa) {
    const people = Array.from({ length: 10 }, (_, i) => i < agreeing ? "red" : "blue");
    assertAlmostEquals(vqaCredit("red", people)!, credit, 1e-12, `${agreeing}`);
  }
  assertEquals(vqaCredit("red", ["red", "red", "red"]), undefined);
});

/** Of the code at github.com/GT-Vision-Lab/VQA, commit a013f00. */
const official: readonly (readonly [answer: string, people: readonly string[], credit: number])[] =
  [
    ["yes", Array(10).fill("yes"), 1],
    ["Yes.", Array(10).fill("yes"), 0],
    [" yes\n", Array(10).fill("yes "), 1],
    ["2", Array(10).fill("two"), 0],
    ["two", Array(10).fill("two"), 1],
    ["Yes.", [...Array(9).fill("yes"), "no"], 1],
    ["no", [...Array(9).fill("yes"), "no"], 0.3],
    ["2", [...Array(8).fill("two"), "Two.", "2"], 1],
    ["Red!", [...Array(2).fill("the red"), ...Array(8).fill("blue")], 0.6],
  ];

for (const [answer, people, credit] of official) {
  const said = [...new Set(people)].join(" or ");
  Deno.test(`vqaCredit() gives ${JSON.stringify(answer)} ${credit} where people said ${said}`, () =>
    assertAlmostEquals(vqaCredit(answer, people)!, credit, 1e-12));
}

Deno.test("metricsOf() gives VQA's accuracy where several people answered", () => {
  const base = syntheticScores({ model: "zoo/a", method: "none", rate: 1, rows: 1, clusters: 1 });
  const { classes: _, ...free } = base;
  const row = { id: "0", digest: "0", cluster: "0", answer: "red", prediction: "a red one" };
  const run = { ...free, rows: [{ ...row, hit: false, credit: 0.6 }] };
  assertEquals(metricsOf(run), { exact: 0, contains: 1, vqa: 0.6 });
});
