import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { summarize } from "../../lib/evaluation/summary.ts";
import { markup } from "../../lib/report/html.ts";
import { renderMarkdown } from "../../lib/report/markdown.ts";
import { renderPage } from "../../lib/report/page.ts";
import type { ReportData } from "../../lib/report/report_data.ts";
import { smooth } from "../../lib/report/chart.ts";
import { headlines, interval, probability, signed, unfairTest } from "../../lib/report/words.ts";
import { syntheticExperiment, syntheticScores } from "../evaluation/synthetic_scores.ts";

const points = [1, 2, 3].map((step) => ({ step, lr: 1, loss: 3 / step, terms: { lm: 3 / step } }));
const data: ReportData = {
  title: "A <title> & more",
  ...summarize(syntheticExperiment(), { primary: { a: "tvp", b: "vp", over: "unseen" } }),
  curves: [{ method: "vp", source: "zoo/a", seed: 0, points }],
  prompts: [],
  examples: [],
  predictors: [],
  costs: [],
  figures: [{ caption: "features <i>", picture: "data:image/png;base64,AA==" }],
  provenance: { "model zoo/a": "abc" },
};

Deno.test("markup escapes text and keeps its own pieces", () => {
  assertEquals(markup`<p>${"<&>"}${markup`<b>${1}</b>`}</p>`.text, "<p>&lt;&amp;&gt;<b>1</b></p>");
  assertEquals(markup`${[markup`<i>a</i>`, "<"]}${false}${undefined}`.text, "<i>a</i>&lt;");
});

const words: [string, string][] = [
  [signed(0.0741), "+7.4"],
  [signed(-0.0741), "−7.4"],
  [signed(-0.0001), "+0.0"],
  [interval([-0.01, 0.02]), "[−1.0, +2.0]"],
  [probability(0.0002), "< 0.001"],
  [probability(0.0213), "0.021"],
];
for (const [found, expected] of words) {
  Deno.test(`the report writes ${expected}`, () => assertEquals(found, expected));
}

Deno.test("renderPage() is one page that loads nothing from outside", () => {
  const page = renderPage(data);
  assertStringIncludes(page, "<title>A &lt;title&gt; &amp; more</title>");
  assert(!/(src|href)="(?!data:)/.test(page));
  for (const tag of ["section", "table", "figure", "tr", "td", "svg"]) {
    const count = (pattern: string) => [...page.matchAll(new RegExp(pattern, "g"))].length;
    assertEquals(count(`<${tag}[\\s>]`), count(`</${tag}>`), tag);
  }
});

Deno.test("renderPage() shows the source first, then the unseen models, their mean, CLIP", () => {
  const heads = [...renderPage(data).matchAll(/<th>([^<]*)<br><span class="role (\w+)/g)];
  assertEquals(heads.map((m) => `${m[1]} ${m[2]}`), [
    "a source",
    "b unseen",
    "c unseen",
    "mean of 2 unseen unseen",
    "clip clip",
  ]);
});

Deno.test("headlines() put the primary comparison first and hide no interval", () => {
  const [first] = headlines(data);
  assert(
    /^emoji10: TVP against VP on the unseen models \(mean\), prompts from a: [+−]\d/.test(first!),
    first,
  );
  assert(headlines(data).every((line) => line.includes("95 % interval [")));
});

Deno.test("unfairTest() says of what", () => {
  assertEquals(unfairTest(data), undefined);
  const weak = summarize([syntheticScores({ model: "zoo/a", method: "none", rate: 0.1 })]);
  const text = unfairTest({ ...data, ...weak })!;
  assertStringIncludes(text, "Not a fair test of emoji10: zoo/a is ≥ 10 points above chance");
  assertStringIncludes(renderMarkdown({ ...data, ...weak }), "> **Not a fair test");
});

Deno.test("smooth() keeps the mean of every window", () => {
  const raw = Array.from({ length: 120 }, (_, i) => [i, i % 2] as const);
  assertEquals(smooth(raw, 60).length, 60);
  assert(smooth(raw, 60).every(([, y]) => y === 0.5));
});

Deno.test("renderPage() and renderMarkdown() show sweeps, matrices and estimates", () => {
  const means = [0.5, null, 0.6];
  const sweep = { task: "emoji10", source: "zoo/a", over: "unseen" } as const;
  const pair = {
    source: "zoo/a",
    target: "zoo/b",
    method: "vp",
    seed: 0,
    value: 0.25,
    gain: 0.031,
  };
  const full: ReportData = {
    ...data,
    sweeps: [
      { ...sweep, name: "shots", values: [1, 2, 4], series: [{ method: "vp", means }] },
      {
        ...sweep,
        name: "corruption",
        values: ["fog", "snow", "jpeg"],
        series: [{ method: "vp", means }],
      },
    ],
    matrices: [{
      task: "emoji10",
      method: "tvp",
      sources: ["zoo/a", "zoo/b"],
      models: ["zoo/a", "zoo/b"],
      gains: [[0.05, -0.02], [null, 0.01]],
    }],
    costs: [{
      method: "vp",
      source: "zoo/a",
      batch: 16,
      flops: 2.99e9,
      ms: 26.4,
      peakBytes: 3e8,
      threads: 1,
      provider: "cpu",
    }],
    predictors: [
      { task: "emoji10", name: "cosine", correlation: 0.5, ci95: [-0.1, 0.9], pairs: [pair] },
    ],
  };
  const page = renderPage(full);
  assertStringIncludes(page, 'aria-label="emoji10, unseen by a, by shots"');
  assertStringIncludes(page, "<th>fog</th><td>50.0</td>");
  assertStringIncludes(page, "<th>snow</th><td></td>");
  assertStringIncludes(page, "<strong>+5.0</strong>");
  assertStringIncludes(page, "−2.0");
  assertStringIncludes(page, "[-0.10, 0.90]");
  assertStringIncludes(page, "<td>2.99</td><td>26.4</td><td>300</td>");
  const markdown = renderMarkdown(full);
  assertStringIncludes(markdown, "| VP | a | 2.99 | 26.4 | 300 | cpu, 1 thread, batch 16 |");
  assertStringIncludes(markdown, "| fog | 50.0 |");
  assertStringIncludes(markdown, "| a | +5.0 | −2.0 |");
  assertStringIncludes(markdown, "| cosine | emoji10 | 0.50 [-0.10, 0.90] | 1 |");
});
