import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { decodePrompt } from "../../lib/artifacts/prompt.ts";
import { writeTinyModel } from "../rigs/tiny_models.ts";
import { inFolder, tvp } from "./workplace.ts";

/** Code of one's own beside a pipeline file, as somebody writes it who has only the public names. */
const files: Readonly<Record<string, string>> = {
  "p.yaml": `name: own
stageFolder: ./stages
datasetFolder: ./sets
lossFolder: ./losses
promptFolder: ./kinds
stages:
  data: { uses: load-dataset, with: { dataset: two-squares, shots: 2 } }
  prompt:
    uses: optimize-prompt
    with:
      source: ./model
      data: \${{ stages.data.train }}
      loss: { lm: 1, small-delta: 0.5, fca: 0.1 }
      kind: top-bar
      lr: 1
      steps: 2
      batch: 2
  after:
    uses: transfer-evaluate
    with: { prompt: "\${{ stages.prompt.prompt }}", model: ./model, data: "\${{ stages.data.test }}" }
  count: { uses: count-scores, with: { scores: ["\${{ stages.after.scores }}"] } }
`,
  "sets/two_squares.ts": `import { defineDataset, type Split } from "@tvp/pipeline/datasets";
const side = 16;
function split(count: number, name: string): Split {
  const rows = Array.from({ length: count }, (_, i) => ({
    id: name + i, cluster: name + i, instruction: "what is it?", answer: ["cat", "dog"][i % 2]!,
    label: i % 2,
  }));
  const images = Uint8Array.from({ length: count * 3 * side * side }, (_, i) => i % 251 % name.length);
  return { rows, images, height: side, width: side };
}
export default defineDataset({
  info: { name: "two-squares", kind: "classification", classes: ["cat", "dog"],
    licence: "CC0-1.0", source: "drawn" },
  load: ({ shots = 1 }) => Promise.resolve({
    train: split(2 * shots, "train"), validation: split(2, "validation"), test: split(2, "test") }),
});
`,
  "losses/small_delta.ts": `import { defineLossTerm } from "@tvp/pipeline/losses";
import { power } from "./power.ts";
export default defineLossTerm({
  description: "mean square of δ, and of what it does to the features",
  build(builder, { prompt, sources }) {
    const mean = (x: string) => builder.op("ReduceMean", [power(builder, x)], { keepdims: 0 });
    const [{ imageFeatures, cleanFeatures }] = sources as [typeof sources[0]];
    const moved = builder.op("Sub", [imageFeatures, cleanFeatures()]);
    return builder.op("Add", [mean(prompt.delta), mean(moved)]);
  },
});
`,
  "losses/power.ts": `export function power(builder: any, x: string): string {
  return builder.op("Mul", [x, x]);
}
`,
  "kinds/top_bar.ts": `import { definePromptKind } from "@tvp/pipeline/prompts";
export default definePromptKind({
  description: "a bar at the top", placement: "whole", covers: (y) => y < 3 });
`,
  "stages/count_scores.ts": `import { z } from "zod";
import { artifact, defineStage } from "@tvp/pipeline/stage";
export default defineStage({
  name: "count-scores", description: "Counts.", outputs: { count: "json" },
  with: z.strictObject({ scores: z.array(artifact("scores")) }),
  async run({ scores }, context) {
    await Deno.writeTextFile(context.output("count"), String(scores.length));
  },
});
`,
};

function write(folder: string, path: string, text: string): void {
  Deno.mkdirSync(join(folder, path, ".."), { recursive: true });
  Deno.writeTextFileSync(join(folder, path), text);
}

async function place(folder: string): Promise<void> {
  for (const [path, text] of Object.entries(files)) write(folder, path, text);
  await Deno.rename(await writeTinyModel(folder, "mini-minigpt4"), join(folder, "model"));
}

/** The stages that a run would not take from the cache. */
async function toRun(folder: string): Promise<string[]> {
  const { out, err } = await tvp(folder, "plan", "p.yaml", "--json");
  assertEquals(err, "");
  const tasks = out.trim().split("\n").map((line) => JSON.parse(line)) as {
    stage: string;
    state: string;
  }[];
  return tasks.filter(({ state }) => state !== "cached").map(({ stage }) => stage);
}

const lock = new URL("../../deno.lock", import.meta.url);

Deno.test("loss terms, kinds of prompt, data sets and stages come from beside the pipeline", () =>
  inFolder(async (folder) => {
    await place(folder);
    const locked = await Deno.readTextFile(lock);
    const ran = await tvp(folder, "run", "p.yaml", "--trust");
    assertEquals([ran.code, ran.err], [0, ""], ran.out);
    const latest = join(folder, ".tvp/runs/own/latest");
    const prompt = decodePrompt(await Deno.readFile(join(latest, "prompt/prompt.safetensors")));
    const { kind, placement, loss, method } = prompt.meta;
    assertEquals([kind, placement], ["top-bar", "whole"]);
    assertEquals(loss, { lm: 1, fca: 0.1, "small-delta": 0.5 });
    assertEquals(method, "1 lm + 0.1 fca + 0.5 small-delta, top-bar");
    const [side, plane] = [16, 16 * 16];
    const inBar = prompt.delta.data.map((x, i) => (i % plane) < 3 * side ? 0 : Math.abs(x));
    assertEquals([Math.max(...inBar), prompt.delta.data.some((x) => x !== 0)], [0, true]);
    const curve = JSON.parse(await Deno.readTextFile(join(latest, "prompt/curve.json")));
    assertEquals(Object.keys(curve.points[0].terms), ["lm", "fca", "small-delta"]);
    assertEquals(await Deno.readTextFile(join(latest, "count/count.json")), "1");
    assertEquals(await Deno.readTextFile(lock), locked);

    assertEquals(await toRun(folder), []);
    write(folder, "losses/power.ts", `${files["losses/power.ts"]}// other bytes\n`);
    assertEquals(await toRun(folder), ["prompt", "after", "count"]);
    write(folder, "losses/power.ts", files["losses/power.ts"]!);
    write(folder, "kinds/top_bar.ts", files["kinds/top_bar.ts"]!.replace("y < 3", "y < 4"));
    assertEquals(await toRun(folder), ["prompt", "after", "count"]);
    write(folder, "kinds/top_bar.ts", files["kinds/top_bar.ts"]!);
    write(folder, "losses/other.ts", "export default 1;\n");
    assertEquals(await toRun(folder), []);
    write(folder, "sets/two_squares.ts", files["sets/two_squares.ts"]!.replace("251", "241"));
    assertEquals((await toRun(folder))[0], "data");
  }));

/** What is wrong with code of one's own, and what the run says. */
const mistakes: readonly [what: string, path: string, text: string, said: readonly string[]][] = [
  [
    "a term that throws",
    "losses/small_delta.ts",
    `import { defineLossTerm } from "@tvp/pipeline/losses";
export default defineLossTerm({ description: "", build: (_, { sources }) =>
  (sources[7] as any).imageFeatures });
`,
    [
      "TypeError in losses/small_delta.ts:3:23: Cannot read",
      "3 |   (sources[7] as any).imageFeatures",
    ],
  ],
  [
    "a term that is not a term",
    "losses/small_delta.ts",
    "export default 5;\n",
    ['Cannot use loss term "small-delta": the default export of its module is not made by'],
  ],
  [
    "a term that is not a number",
    "losses/small_delta.ts",
    `import { defineLossTerm } from "@tvp/pipeline/losses";
export default defineLossTerm({ description: "", build: (_, { prompt }) => prompt.delta });
`,
    ["Cannot train with the loss term small-delta: it is of shape [3, 16, 16], expected one number"],
  ],
  [
    "a kind that is none",
    "kinds/top_bar.ts",
    "export default { covers: true };\n",
    ['Cannot use kind of prompt "top-bar": the default export of its module is not made by'],
  ],
  [
    "a data set that throws",
    "sets/two_squares.ts",
    `import { defineDataset } from "@tvp/pipeline/datasets";
export default defineDataset({ info: { name: "x", kind: "yes-no", licence: "", source: "" },
  load: () => { throw new RangeError("no images today"); } });
`,
    ["RangeError in sets/two_squares.ts:3:23: no images today"],
  ],
  [
    "a stage that needs what it has not declared",
    "stages/count_scores.ts",
    `import { z } from "zod";
import { artifact, defineStage } from "@tvp/pipeline/stage";
export default defineStage({
  name: "count-scores", description: "Counts.", outputs: { count: "json" }, permissions: ["net"],
  with: z.strictObject({ scores: z.array(artifact("scores")) }),
  async run(_, context) {
    await Deno.writeTextFile("/none/notes.txt", "one more");
  },
});
`,
    [
      'Cannot finish task "count": its process is not allowed to write "/none/notes.txt"',
      "asked for in stages/count_scores.ts:7:16",
      'what it needs: permissions: ["net","write"] in stages/count_scores.ts',
    ],
  ],
];

for (const [what, path, text, said] of mistakes) {
  Deno.test(`a run tells what is wrong with code of one's own: ${what}`, () =>
    inFolder(async (folder) => {
      await place(folder);
      write(folder, path, text);
      const { code, out } = await tvp(folder, "run", "p.yaml");
      assertEquals(code, 1);
      for (const part of said) assertStringIncludes(out, part);
    }));
}

Deno.test("plan tells which names of one's own there are not", () =>
  inFolder(async (folder) => {
    await place(folder);
    const text = files["p.yaml"]!.replace("two-squares", "two-square").replace("fca:", "fac:")
      .replace("top-bar", "topbar");
    write(folder, "p.yaml", text);
    const { code, err } = await tvp(folder, "plan", "p.yaml");
    assertEquals(code, 2);
    assertEquals(
      err.split("\n").filter((line) => /error:|= /.test(line) && !line.includes('"digits10"')).map((
        line,
      ) => line.trim()),
      [
        'p.yaml:7:48: error: Cannot use "two-square" as stages.data.with.dataset: there is no such data set',
        '= did you mean "two-squares"?',
        "= your own would be sets/two_square.ts",
        'p.yaml:13:40: error: Cannot use "fac" as stages.prompt.with.loss.fac: there is no such loss term',
        '= did you mean "fca"?',
        '= known: "lm", "fca", "tse", "mid", "fia", "small-delta"',
        "= your own would be losses/fac.ts",
        'p.yaml:14:13: error: Cannot use "topbar" as stages.prompt.with.kind: there is no such kind of prompt',
        '= did you mean "top-bar"?',
        '= known: "frame", "padding", "patch", "full", "affine-color", "top-bar"',
        "= your own would be kinds/topbar.ts",
      ],
    );
    write(folder, "p.yaml", text.replace(/^lossFolder.*\n/m, ""));
    const without = await tvp(folder, "plan", "p.yaml");
    assertStringIncludes(
      without.err,
      "= lossFolder: ./FOLDER names a folder of your own, with fac.ts in it",
    );
  }));
