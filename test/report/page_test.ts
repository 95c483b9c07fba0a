import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { summarize } from "../../lib/evaluation/summary.ts";
import { markup } from "../../lib/report/html.ts";
import { renderMarkdown } from "../../lib/report/markdown.ts";
import { renderPage } from "../../lib/report/page.ts";
import type { ReportData } from "../../lib/artifacts/report.ts";
import { smooth } from "../../lib/report/chart.ts";
import { againstWords, claimLines, primaryLines, verdictOf } from "../../lib/report/headlines.ts";
import { interval, probability, signed, unfairTest } from "../../lib/report/words.ts";
import { syntheticExperiment, syntheticScores } from "../evaluation/synthetic_scores.ts";

const points = [1, 2, 3].map((step) => ({ step, lr: 1, loss: 3 / step, terms: { lm: 3 / step } }));
const data: ReportData = {
  title: "A <title> & more",
  ...summarize(syntheticExperiment(), {
    primary: [
      { a: "tvp", b: "vp", over: "unseen" },
      { a: "tvp", b: "shrunk", over: "unseen" },
      { a: "evp", b: "vp", over: "unseen" },
    ],
  }),
  curves: [{ method: "vp", source: "zoo/a", seed: 0, points }],
  prompts: [],
  specimens: [{ method: "none", image: "data:image/png;base64,AA==" }],
  examples: [],
  predictors: [],
  costs: [],
  figures: [{ caption: "features <i>", image: "data:image/png;base64,AA==" }],
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

Deno.test("headlines say the primary comparisons first, then each prompt against both baselines", () => {
  const lines = [...primaryLines(data), ...claimLines(data)].map((line) =>
    line.replaceAll(/[+−]?\d+\.\d+/g, "#").replaceAll(/better|worse/g, "otherwise")
      .replaceAll(
        /helps|harms|makes no clear difference to|is (better|worse|not).*? on/g,
        "acts on",
      )
  );
  assertEquals(lines.slice(0, 4), [
    "Named beforehand: emoji10: TVP from a shows no clear difference from VP on 2 unseen models (mean): # points, 95 % interval [#, #], p = # (Holm)",
    "Named beforehand: emoji10: TVP from a does otherwise than shrunk on 2 unseen models (mean): # points, 95 % interval [#, #], p = # (Holm)",
    "emoji10: VP from a acts on a, on which it was trained: # % right against # % with the shrunk image without a prompt (# points, 95 % interval [#, #]) and against # % with the full image (# points, 95 % interval [#, #])",
    "emoji10: VP from a acts on 2 models that it has not seen (mean): # % right against # % with the shrunk image without a prompt (# points, 95 % interval [#, #]) and against # % with the full image (# points, 95 % interval [#, #])",
  ]);
  assertEquals(lines.length, 6);
});

Deno.test("reports keep the order in which comparisons are named", () => {
  const named = [
    { a: "tvp", b: "shrunk", over: "unseen" },
    { a: "tvp", b: "vp", over: "unseen" },
    { a: "vp", b: "none", over: "source" },
    { a: "tvp", b: "shrunk", over: "source" },
    { a: "tvp", b: "none", over: "unseen" },
  ] as const;
  const overs = { source: "a", unseen: "2 unseen models" };
  for (const family of [named, named.toReversed()]) {
    const told = { ...data, ...summarize(syntheticExperiment(), { primary: family }) };
    const expected = family.map(({ a, b, over }) => `${a} − ${b} over ${overs[over]}`);
    const found = (text: string, row: RegExp) =>
      [...text.matchAll(row)].map(([, a, b, over]) => `${a} − ${b} over ${over}`.toLowerCase());
    const lines = primaryLines(told).join("\n");
    assertEquals(
      found(lines, /: (\S+) from a .*? (\S+) on (?:the source )?(.*?)(?: \(mean\))?: /g),
      expected,
    );
    assertEquals(
      found(
        renderMarkdown(told),
        /^\| (\S+) − (\S+) \(primary\) \|[^|]*\| (?:the source )?(.*?)(?: \(mean\))? \|/gm,
      ),
      expected,
    );
    const [, page] = renderPage(told).split("<h3>Named beforehand");
    const rows = /<th>(\S+) − (\S+)<\/th><td>[^<]*<\/td><td>(?:the source )?(.*?)(?: \(mean\))?</g;
    assertEquals(found(page!.split("<h3>")[0]!, rows), expected);
    const chart =
      /class="name"[^>]*>(\S+) − (\S+) \(primary\)<\/text>[^>]*>(?:the source )?(.*?)(?: \(mean\))?</g;
    assertEquals(found(renderPage(told), chart), expected);
  }
});

const claim = (b: string, ci95: readonly [number, number]) => ({
  ...data.comparisons[0]!,
  ...{ a: "vp", b, ci95, over: "source" as const, primary: false },
});
const [up, down, open] = [[0.01, 0.1], [-0.1, -0.01], [-0.1, 0.01]] as const;
type Interval = readonly [number, number];
const verdicts: readonly [shrunk: Interval, none: Interval, verdict: string, words: string][] = [
  [up, up, "helps", "against none"],
  [down, down, "harms", "against none"],
  [open, open, "open", "against none"],
  [up, open, "helps", "not clear against none"],
  [up, down, "helps", "worse against none"],
  [down, open, "harms", "not clear against none"],
  [down, up, "harms", "better against none"],
  [open, up, "open", "better only against none"],
  [open, down, "open", "worse only against none"],
];
for (const [shrunk, none, verdict, words] of verdicts) {
  Deno.test(`the comparison with shrunk, [${shrunk}], decides; with none it is [${none}]`, () => {
    const claims = [claim("none", none), claim("shrunk", shrunk)];
    assertEquals([verdictOf(claims), againstWords(claims[0]!, claims)], [verdict, words]);
    assertEquals(againstWords(claims[1]!, claims), "against shrunk");
  });
}

Deno.test("verdictOf() takes the comparison with none where no other was made", () =>
  assertEquals(verdictOf([claim("none", down)]), "harms"));

Deno.test("renderPage() shows gains over the shrunk image, and over the full one without it", () => {
  const gainsIn = (methods: readonly string[]) => {
    const scores = data.scores.filter(({ method }) => methods.includes(method));
    const page = renderPage({ ...data, scores, unseenMeans: [] });
    const [, head] = /<th>prompt<br><span class="role">([^<]*)/.exec(page) ?? [];
    const gains = page.matchAll(/<th>(\w+)<\/th><td class="delta">[^]*?<\/tr>/g);
    const against = [...gains].map(([row, method]) =>
      `${method} ${/title="against (\w+)"/.exec(row)?.[1] ?? ""}`.trim()
    );
    return [head, ...against];
  };
  const cases: readonly [readonly string[], readonly (string | undefined)[]][] = [
    [["none", "shrunk", "vp"], ["gains over shrunk", "none", "shrunk", "VP shrunk"]],
    [["none", "vp"], ["gains over none", "none", "VP none"]],
    [["vp"], [undefined, "VP"]],
  ];
  for (const [methods, expected] of cases) assertEquals(gainsIn(methods), expected);
});

Deno.test("renderPage() and renderMarkdown() have no mean of a single unseen model", () => {
  const runs = syntheticExperiment().filter(({ model }) => model !== "zoo/c");
  const one = { ...data, ...summarize(runs) };
  assertEquals(one.unseenMeans[0]!.model, "mean of 1 unseen");
  const heads = [...renderPage(one).matchAll(/<th>([^<]*)<br><span class="role (\w+)/g)];
  assertEquals(heads.map((m) => `${m[1]} ${m[2]}`), ["a source", "b unseen", "clip clip"]);
  assertStringIncludes(
    renderMarkdown(one),
    "| method | RMS of δ | a (source) | b (unseen) | clip (clip) |",
  );
});

Deno.test("renderPage() gives a verdict on every prompt, on its source and on unseen models", () => {
  const cards = renderPage(data).split("<article>").slice(1);
  assertEquals(cards.map((card) => /<h3>([^<]*)/.exec(card)![1]), [
    "emoji10: on a, on which it was trained",
    "emoji10: on 2 models that it has not seen (mean)",
  ]);
  for (const card of cards) {
    const rows = [...card.matchAll(/<th>(\w+)<\/th>[^]*?class="badge (\w+)"/g)];
    assertEquals(rows.map(([, method, verdict]) => `${method} ${verdict}`), [
      "VP helps",
      "TVP helps",
    ]);
  }
  const inSettings = data.comparisons.map((c) => ({ ...c, setting: { shots: 4 } }));
  assertEquals(renderPage({ ...data, comparisons: inSettings }).includes("<article>"), false);
});

Deno.test("renderPage() explains its words, and only those that it uses", () => {
  const words = [...renderPage(data).matchAll(/<dt>([^<]*)<\/dt>/g)].map((m) => m[1]);
  assertEquals(words, [
    ...["none", "shrunk", "VP", "TVP", "source", "unseen"],
    ...["drawing", "95 % interval", "RMS of δ"],
  ]);
});

Deno.test("renderPage() and renderMarkdown() show sample sizes, δ and the family", () => {
  const page = renderPage(data);
  const markdown = renderMarkdown(data);
  for (const text of [page, markdown]) {
    assertStringIncludes(text, "400 / 80 / 3");
    assertStringIncludes(text, "400 images of 80 drawings in 4 classes, 3 seeds");
    assertStringIncludes(text, "0.24 (peak 0.90)");
    assertStringIncludes(
      text,
      "EVP − VP over unseen models was named beforehand, but has no",
    );
    assertStringIncludes(text, "the 2 models unseen by a count as");
    assertStringIncludes(text, "p is below 0.05 exactly where the interval excludes zero");
  }
  assertStringIncludes(page, "<h3>Secondary: not corrected");
  assertEquals([...page.matchAll(/<circle/g)].length, 5);
});

Deno.test("reports mark cautious intervals, and say where seeds are lacking", () => {
  const same = ["shrunk", "vp"].map((method) => ({
    ...syntheticScores({
      ...{ model: "zoo/a", method, rate: 1, role: "source" },
      ...(method === "vp" ? { seed: 0 } : {}),
    }),
  }));
  const markdown = renderMarkdown({ ...data, ...summarize(same) });
  assertStringIncludes(markdown, "| +0.0 [−4.5, +4.5]† | 1.000 | secondary | 400 / 80 / 1 |");
  assertStringIncludes(markdown, "† Fewer than five drawings differ from the rest of their class");
  assertStringIncludes(markdown, "With one seed they hold for these trained prompts alone");
});

Deno.test("unfairTest() says of what", () => {
  const weak = summarize([syntheticScores({ model: "zoo/a", method: "none", rate: 0.1 })]);
  const text = unfairTest({ ...data, ...weak })!;
  assertEquals(
    text,
    "Not a fair test of emoji10: one condition fails: every model is at least 10 points above chance without a prompt (zoo/a 8.8 %; chance 25.0 %).",
  );
  assertStringIncludes(renderMarkdown({ ...data, ...weak }), `> **${text}**`);
  assertEquals(unfairTest({ ...data, preconditions: [] }), undefined);
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
