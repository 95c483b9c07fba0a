import { assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { parseTemplate } from "../../../lib/pipeline/read/expression.ts";
import { orderByNeeds, withNeeds } from "../../../lib/pipeline/plan/graph.ts";
import { cellLabels, expandMatrix } from "../../../lib/pipeline/plan/matrix.ts";
import { parsePipeline } from "../../../lib/pipeline/read/parse.ts";
import { selectTargets, type StageLookup } from "../../../lib/pipeline/plan/plan.ts";
import { Reference, Slot } from "../../../lib/pipeline/contract/slot.ts";
import { artifact, defineStage, model } from "../../../lib/pipeline/contract/stage.ts";
import { unquotedReferences } from "../../../lib/pipeline/read/yaml_text.ts";
import { anyStage, planText } from "../../rigs/pipeline_rig.ts";

/** Parameters with what they wait for as text. */
function shown(value: unknown): unknown {
  if (value instanceof Slot) return `<${shown(value.value)}>`;
  if (value instanceof Reference) return value.toString();
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shown(item)]));
}

Deno.test("expandPipeline() follows vars, env, matrix and stages", async () => {
  const plan = await planText(`
name: all
vars: { sizes: [1, 2], deep: { list: [a, b] }, again: "\${{ vars.deep.list }}" }
env: { MODE: fast }
stages:
  one: { uses: step, with: { list: "\${{ vars.again }}", text: "is \${{ env.MODE }}", first: "\${{ vars.deep.list.0 }}" } }
  two:
    uses: step
    matrix: { size: "\${{ vars.sizes }}", kind: [x] }
    with: { size: "\${{ matrix.size }}", from: "\${{ stages.one.value }}" }
  three: { uses: step, with: { all: "\${{ stages.two.*.value }}" } }
`);
  assertEquals(plan.tasks.map((task) => [task.id, shown(task.parameters), task.needs]), [
    ["one", { list: ["a", "b"], text: "is fast", first: "a" }, []],
    ["two[size=1,kind=x]", { size: 1, from: "one.value" }, [0]],
    ["two[size=2,kind=x]", { size: 2, from: "one.value" }, [0]],
    ["three", { all: ["two[size=1,kind=x].value", "two[size=2,kind=x].value"] }, [1, 2]],
  ]);
});

const typedStages: StageLookup = {
  names: ["train", "test"],
  get: (name) => ({
    stage: name === "train"
      ? { ...anyStage("train"), outputs: { prompt: "prompt", curve: "curve" } }
      : defineStage({
        name: "test",
        description: "Takes a prompt.",
        with: z.strictObject({
          prompt: z.union([z.enum(["none", "shrunk"]), artifact("prompt")]),
          models: z.record(z.string(), model()).default({}),
        }),
        outputs: { scores: "scores" },
        run: () => Promise.resolve(),
      }),
    module: "file:///x.ts",
  }),
};

Deno.test("expandPipeline() splices a fan-out into an axis and picks the output that fits", async () => {
  const plan = await planText(
    `
name: fan
stages:
  train: { uses: train, matrix: { loss: [vp, tvp] }, with: { loss: "\${{ matrix.loss }}" } }
  test:
    uses: test
    matrix: { prompt: [none, "\${{ stages.train.* }}"] }
    with: { prompt: "\${{ matrix.prompt }}", models: { a: zoo/m } }
`,
    { stages: typedStages },
  );
  assertEquals(plan.stages.get("test")!.map((task) => [task.id, shown(task.parameters)]), [
    ["test[prompt=none]", { prompt: "none", models: { a: "<zoo/m>" } }],
    ["test[prompt=vp]", { prompt: "<train[loss=vp].prompt>", models: { a: "<zoo/m>" } }],
    ["test[prompt=tvp]", { prompt: "<train[loss=tvp].prompt>", models: { a: "<zoo/m>" } }],
  ]);
});

Deno.test("expandPipeline() gives values of the cell behind a fan-out", async () => {
  const plan = await planText(`
name: inner
stages:
  a: { uses: step, matrix: { size: [3] }, with: { size: "\${{ matrix.size }}" } }
  b:
    uses: step
    matrix: { task: ["\${{ stages.a.* }}"] }
    with: { size: "\${{ matrix.task.size }}", value: "\${{ matrix.task.value }}" }
`);
  assertEquals(shown(plan.tasks[1]!.parameters), { size: 3, value: "a[size=3].value" });
});

Deno.test("expandPipeline() leaves out cells by the axes of the task that they refer to", async () => {
  const plan = await planText(`
name: inner
stages:
  a: { uses: step, matrix: { size: [3, 4], i: [1, 2] }, with: { size: "\${{ matrix.size }}" } }
  b:
    uses: step
    matrix:
      task: ["\${{ stages.a.* }}"]
      exclude: [{ task: { size: 3 } }, { task: { size: 4, i: 2 } }]
    with: { value: "\${{ matrix.task.value }}" }
`);
  assertEquals(plan.stages.get("b")!.map((task) => shown(task.parameters)), [
    { value: "a[size=4,i=1].value" },
  ]);
});

Deno.test("expandPipeline() leaves out what `when` excludes", async () => {
  const text = `
name: when
vars: { full: false }
stages:
  extra: { uses: step, when: "\${{ vars.full }}" }
  all: { uses: step, with: { extra: "\${{ stages.extra.*.value }}" } }
`;
  assertEquals((await planText(text)).tasks.map((task) => task.id), ["all"]);
  const full = await planText(text, { set: ["full=true"] });
  assertEquals(full.tasks.map((task) => task.id), ["extra", "all"]);
  const direct = text.replace(".*.", ".");
  await assertRejects(
    () => planText(direct),
    SyntaxError,
    'stage "extra" is left out by its "when"',
  );
});

Deno.test("expandPipeline() asks a condition of every cell that it refers to", async () => {
  const text = `
name: when
vars: { off: "No" }
stages:
  some: { uses: step, matrix: { i: [1, 2], on: [true, false] }, when: "\${{ matrix.on }}" }
  none: { uses: step, matrix: { on: [false] }, when: "\${{ matrix.on }}" }
  word: { uses: step, matrix: { i: [1] }, when: "\${{ vars.off }}" }
  all: { uses: step, with: { all: ["\${{ stages.some.*.value }}", "\${{ stages.none.*.value }}"] } }
`;
  const plan = await planText(text);
  assertEquals(plan.tasks.map((task) => task.id), [
    "some[i=1,on=true]",
    "some[i=2,on=true]",
    "all",
  ]);
  assertEquals(plan.tasks[2]!.needs, [0, 1]);
});

Deno.test("expandPipeline() takes defaults where a stage says nothing", async () => {
  const plan = await planText(`
name: defaults
vars: { mode: fast }
defaults:
  timeout: 1m
  retries: { attempts: 2, backoff: 5s }
  resources: { cpu: 1, memory: 1GiB }
  env: { MODE: "\${{ vars.mode }}", LEVEL: 1 }
stages:
  plain: { uses: step }
  own: { uses: step, timeout: 2m, retries: 1, resources: { gpu: 1 }, env: { LEVEL: 2 } }
`);
  const settings = plan.tasks.map(({ timeoutMs, retries, resources, environment }) => ({
    timeoutMs,
    retries,
    resources,
    environment,
  }));
  const memoryBytes = 1024 ** 3;
  assertEquals(settings, [
    {
      timeoutMs: 60_000,
      retries: { attempts: 2, backoffMs: 5000, on: ["crash", "timeout"] },
      resources: { cpu: 1, gpu: 0, memoryBytes },
      environment: { MODE: "fast", LEVEL: "1" },
    },
    {
      timeoutMs: 120_000,
      retries: { attempts: 1, backoffMs: 1000, on: ["error", "crash", "timeout"] },
      resources: { cpu: 1, gpu: 1, memoryBytes },
      environment: { MODE: "fast", LEVEL: "2" },
    },
  ]);
});

Deno.test("parsePipeline() sets values by --set, a bare name being a variable", async () => {
  const text = `
name: set
vars: { size: 1 }
stages:
  a: { uses: step, with: { size: "\${{ vars.size }}" } }
`;
  const plan = await planText(text, { set: ["size=[1, 2]", "stages.a.with.extra=yes it is"] });
  assertEquals(plan.tasks[0]!.parameters, { size: [1, 2], extra: "yes it is" });
});

Deno.test("parsePipeline() takes included files in, and points into them", async () => {
  const read = () => ({
    path: "common.yaml",
    text: "vars: { size: 5, own: 1 }\nstages:\n  shared: { uses: step, with: { n: 1 } }\n",
  });
  const text = "name: main\ninclude: [common.yaml]\nvars: { own: 2 }\nstages: {}\n";
  const parsed = await parsePipeline(text, { path: "main.yaml", read });
  assertEquals(parsed.ok && parsed.value.vars, { size: 5, own: 2 });
  assertEquals(parsed.ok && Object.keys(parsed.value.stages), ["shared"]);
  const twice = await parsePipeline(
    text.replace("stages: {}", "stages: { shared: { uses: step } }"),
    { path: "main.yaml", read },
  );
  assertEquals(
    !twice.ok && twice.error.map((error) => error.message),
    ['Cannot define stages.shared again: "main.yaml" defines it too'],
  );
});

const matrixCases: readonly {
  name: string;
  matrix: Parameters<typeof expandMatrix>[0];
  labels: readonly string[];
}[] = [
  {
    name: "all combinations, the first axis slowest",
    matrix: { axes: { a: [1, 2], b: ["x", "y"] }, include: [], exclude: [] },
    labels: ["a=1,b=x", "a=1,b=y", "a=2,b=x", "a=2,b=y"],
  },
  {
    name: "exclude by some axes",
    matrix: { axes: { a: [1, 2], b: ["x", "y"] }, include: [], exclude: [{ a: 1 }] },
    labels: ["a=2,b=x", "a=2,b=y"],
  },
  {
    name: "include extends the cells that match and adds others",
    matrix: {
      axes: { a: [1, 2] },
      include: [{ a: 1, extra: true }, { a: 3, extra: false }],
      exclude: [],
    },
    labels: ["a=1,extra=true", "a=2", "a=3,extra=false"],
  },
  {
    name: "maps by some of their keys",
    matrix: {
      axes: { loss: [{ name: "vp", lr: 1 }, { name: "tvp", lr: 2 }], seed: [0, 1] },
      include: [{ loss: { name: "tvp" }, extra: true }],
      exclude: [{ loss: { name: "vp" }, seed: 1 }],
    },
    labels: [
      "loss=vp,seed=0",
      "loss=tvp,seed=0,extra=true",
      "loss=tvp,seed=1,extra=true",
    ],
  },
  {
    name: "maps as values, with a name and without",
    matrix: {
      axes: { loss: [{ lm: 1, fca: 0.005 }, { name: "mine", lm: 1 }] },
      include: [],
      exclude: [],
    },
    labels: ["loss=lm:1+fca:0.005", "loss=mine"],
  },
  {
    name: "long texts cut, on one line",
    matrix: { axes: { a: ["x ".repeat(40), "two\nlines"] }, include: [], exclude: [] },
    labels: [`a=${"x ".repeat(23)}x…`, "a=two lines"],
  },
  {
    name: "labels that would be the same",
    matrix: { axes: { a: [1, "1"] }, include: [], exclude: [] },
    labels: ["a=1", "a=1~2"],
  },
];

for (const { name, matrix, labels } of matrixCases) {
  Deno.test(`expandMatrix() gives ${name}`, () => {
    assertEquals(cellLabels(expandMatrix(matrix)), labels);
  });
}

Deno.test("orderByNeeds() sorts, and finds a cycle", () => {
  const needs = (edges: Record<string, string[]>) =>
    new Map(Object.entries(edges).map(([name, own]) => [name, new Set(own)]));
  assertEquals(orderByNeeds(needs({ a: ["b"], b: ["c"], c: [] })), {
    ok: true,
    order: ["c", "b", "a"],
  });
  assertEquals(orderByNeeds(needs({ a: ["b"], b: ["c"], c: ["b"] })), {
    ok: false,
    cycle: ["b", "c", "b"],
  });
});

Deno.test("orderByNeeds() follows a chain of any length", () => {
  const names = Array.from({ length: 50_000 }, (_, index) => `s${index}`);
  const needs = new Map(
    names.map((name, index) => [name, new Set(names.slice(index + 1, index + 2))]),
  );
  const result = orderByNeeds(needs);
  assertEquals(result.ok && result.order, names.toReversed());
});

Deno.test("withNeeds() takes in what is needed, directly or not", () => {
  const nodes = [{ needs: [] }, { needs: [0] }, { needs: [1] }, { needs: [0] }];
  assertEquals([...withNeeds(nodes, [2])].sort(), [0, 1, 2]);
});

Deno.test("selectTargets() takes stages and tasks, and names what is not there", async () => {
  const plan = await planText(`
name: targets
stages:
  a: { uses: step, matrix: { i: [1, 2] }, with: { i: "\${{ matrix.i }}" } }
  b: { uses: step, with: { x: "\${{ stages.a.*.value }}" } }
  c: { uses: step }
`);
  const selected = (targets: string[]) => {
    const result = selectTargets(plan, targets);
    return result.ok
      ? [...result.value].map((index) => plan.tasks[index]!.id).sort()
      : result.error.map((error) => error.message);
  };
  assertEquals(selected(["b"]), ["a[i=1]", "a[i=2]", "b"]);
  assertEquals(selected(["a[i=2]"]), ["a[i=2]"]);
  assertEquals(selected([]).length, 4);
  assertEquals(selected(["bb"]), ['Cannot select "bb": the pipeline has no such stage or task']);
});

Deno.test("parseTemplate() takes texts with references apart", () => {
  assertEquals(parseTemplate("plain $ {{ x }}").kind, "plain");
  assertEquals(parseTemplate("${{ vars.a.b }}"), {
    kind: "whole",
    expression: { text: "${{ vars.a.b }}", path: ["vars", "a", "b"] },
  });
  assertEquals(parseTemplate("a ${{vars.b}}"), {
    kind: "mixed",
    parts: ["a ", { text: "${{vars.b}}", path: ["vars", "b"] }],
  });
});

Deno.test("unquotedReferences() finds those in braces, not those in quotes or comments", () => {
  const text = 'a: ${{ x.y }}\nb: { c: ${{ x.z }}, d: "${{ x.w }}" } # { ${{ x.v }}\n';
  assertEquals(unquotedReferences(text).map((found) => found.text), ["${{ x.z }}"]);
});

Deno.test("expandPipeline() plans 10 000 tasks in time that grows with their number", async () => {
  const text = (n: number) => `
name: many
stages:
  first: { uses: step }
  middle: { uses: step, matrix: { i: [${[
    ...Array(n).keys(),
  ]}] }, with: { i: "\${{ matrix.i }}", x: "\${{ stages.first.value }}" } }
  last: { uses: step, with: { all: "\${{ stages.middle.*.value }}" } }
`;
  await planText(text(1000));
  const started = performance.now();
  assertEquals((await planText(text(10_000))).tasks.length, 10_002);
  const elapsed = performance.now() - started;
  // Measured 0.15 s; a quadratic step would take minutes.
  assertEquals(elapsed < 10_000, true, `${elapsed} ms`);
});
