import { assertEquals } from "@std/assert";
import { summarize } from "../../lib/evaluation/summary.ts";
import { syntheticScores } from "./synthetic_scores.ts";

const run = (model: string, method: string, rate: number, more = {}) =>
  syntheticScores({ model: `zoo/${model}`, method, rate, ...more });

const clip = { role: "clip" } as const;

const letters = ["a", "b", "c", "d", "e"];

/** Four independent models that a prompt has not seen and CLIP, of whom every condition holds. */
const fair = [
  ...letters.map((m) => run(m, "shrunk", 0.7, { stem: m })),
  ...letters.map((m) => run(m, "noise", 0.72, { stem: m })),
  ...letters.map((m) => run(m, "vp", 0.7, { seed: 0, stem: m })),
  run("clip", "shrunk", 0.8, clip),
];

const shrunkOf = (
  rates: readonly number[],
) => [
  ...rates.map((rate, i) => run(letters[i]!, "shrunk", rate, { stem: `${i}` })),
  ...fair.slice(5),
];

const names = {
  room: "every model is right on 55 to 85 % of the shrunk images",
  chance: "every model is at least 10 points above chance without a prompt",
  noise: "a noise frame as strong as a prompt costs every model at most 5 points",
  encoders: "models with different vision encoders agree little: κ is at most 0.5",
  models: "the unseen models count as at least 3 independent ones",
  clip: "CLIP is right more often on the shrunk images than the models on average",
  drawings: "the test has at least 60 different drawings, at least 4 of each class",
};

const broken: [string, ReturnType<typeof shrunkOf>, string[]][] = [
  ["nothing", fair, []],
  ["too easy a task", shrunkOf([0.95, 0.7, 0.7, 0.7, 0.7]), [names.room, names.noise]],
  ["too hard a task", shrunkOf([0.3, 0.6, 0.6, 0.6, 0.6]), [names.room, names.chance]],
  ["a CLIP that knows less", [...fair.slice(0, -1), run("clip", "shrunk", 0.4, clip)], [
    names.clip,
  ]],
  ["frames that blind", [
    ...fair.slice(0, 5),
    ...letters.map((m) => run(m, "noise", 0.5, { stem: m })),
    ...fair.slice(10),
  ], [names.noise]],
  ["models that are one", [
    ...letters.map((m) => ({ ...fair[0]!, model: `zoo/${m}`, stem: "same" })),
    ...fair.slice(5).map((s) => s.role === "clip" ? s : { ...s, stem: "same" }),
  ], [names.encoders, names.models]],
  [
    "few drawings",
    fair.map((s) => ({ ...s, rows: s.rows.map((row, i) => ({ ...row, cluster: `${i % 12}` })) })),
    [names.drawings],
  ],
];
for (const [name, runs, expected] of broken) {
  Deno.test(`preconditions find ${name}`, () => {
    const { preconditions } = summarize(runs);
    assertEquals(preconditions.filter((c) => !c.holds).map((c) => c.name), expected);
    assertEquals(new Set(preconditions.map((c) => c.on)), new Set(["test"]));
  });
}

Deno.test("preconditions ask validation data where there are some", () => {
  const validation = ["a", "b"].map((m) => run(m, "shrunk", 0.3, { rows: 200 }));
  const { preconditions } = summarize(fair, { validation });
  const room = preconditions.find((c) => c.name === names.room)!;
  assertEquals([room.holds, room.on], [false, "validation"]);
  assertEquals(preconditions.find((c) => c.name === names.drawings)!.on, "test");
});

Deno.test("of frames of several strengths the one that costs a model most decides", () => {
  const framed = (rate: number, rms: number) => ({
    ...run("a", "noise", rate, { treatment: { rms } }),
    delta: { rms, peak: 1 },
  });
  const { preconditions } = summarize([
    run("a", "shrunk", 0.7),
    framed(0.7, 0.1),
    framed(0.5, 0.3),
  ]);
  const noise = preconditions.find((c) => c.name === names.noise)!;
  assertEquals([noise.holds, noise.found.split(", ").length], [false, 1]);
  assertEquals(noise.found.split(" at ")[1], "RMS 0.30");
});

Deno.test("preconditions take the commonest of free answers for chance", () => {
  const { classes: _, ...free } = run("a", "none", 0.4);
  const answers = ["one", "one", "two", "three", "one"];
  const rows = free.rows.map((row, i) => ({ ...row, answer: answers[i % 5]!, prediction: "one" }));
  const { preconditions } = summarize([{ ...free, rows }]);
  const chance = preconditions.find((c) => c.name === names.chance)!;
  assertEquals(chance.found.split("; ")[1], "chance 60.0 %");
});

Deno.test("preconditions of yes and no: in order, and balanced", () => {
  const base = run("a", "shrunk", 0.7);
  const answers = (margin: (answer: number) => number) => ({
    ...base,
    classes: ["yes", "no"],
    rows: base.rows.map((row, i) => {
      const answer = i % 2, score = margin(answer) + (i % 7) / 70;
      return {
        ...row,
        answer,
        prediction: score > 0 ? 0 : 1,
        scores: [score, 0],
        hit: (score > 0) === (answer === 0),
      };
    }),
  });
  const failing = (margin: (answer: number) => number) =>
    summarize([answers(margin)]).preconditions.filter((c) => !c.holds).map((c) => c.name)
      .filter((name) => name.includes("yes"));
  assertEquals(failing((answer) => answer === 0 ? 1 : -1), []);
  assertEquals(failing(() => 1), [
    "every model ranks yes before no: ROC-AUC is at least 65 %",
    "every model says yes to 30 to 70 % of the questions",
  ]);
});
