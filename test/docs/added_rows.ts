/** One more of each thing that a table holds: its file, and its row. @module */

/** What is added, as ARCHITECTURE.md says that it is added. */
export interface Addition {
  readonly what: string;
  /** A new file, by its path. */
  readonly file?: readonly [path: string, text: string];
  /** A row: the table's file, the line that it goes behind, its text, and what it imports. */
  readonly row?: readonly [table: string, behind: string, text: string, imports?: string];
}

export const additions: readonly Addition[] = [
  {
    what: "a loss term",
    file: [
      "lib/losses/square.ts",
      `import { defineLossTerm } from "./loss_term.ts";
export const square = defineLossTerm({
  description: "mean square of δ",
  build: (b, { prompt }) =>
    b.op("ReduceMean", [b.op("Mul", [prompt.delta, prompt.delta])], { keepdims: 0 }),
});`,
    ],
    row: [
      "lib/losses/loss_table.ts",
      "export const lossTable = {",
      "square,",
      'import { square } from "./square.ts";',
    ],
  },
  {
    what: "a kind of prompt",
    file: [
      "lib/prompts/bar.ts",
      `import { definePromptKind } from "./prompt_kind.ts";
export const bar = definePromptKind({
  description: "a bar at the top",
  placement: "whole",
  covers: (y) => y < 2,
});`,
    ],
    row: [
      "lib/prompts/prompt_table.ts",
      "export const promptTable = {",
      "bar,",
      'import { bar } from "./bar.ts";',
    ],
  },
  {
    what: "an update rule",
    row: [
      "lib/training/optimizer.ts",
      "export const optimizers = {",
      `half: {
        description: "half the value",
        moments: [],
        gradient: "autodiff",
        update: ({ state: { values } }) => values.forEach((x, i) => values[i] = x / 2),
      },`,
    ],
  },
  {
    what: "an augmentation",
    row: [
      "lib/training/augment.ts",
      "export const augmentations = {",
      'dark: { description: "darker", flips: false, change: (x) => x.map((each) => each / 2) },',
    ],
  },
  {
    what: "a published method",
    row: [
      "lib/training/method_table.ts",
      "export const methods: Readonly<Record<string, Method>> = {",
      `"bar-half": {
        description: "a bar, halved",
        loss: "vp",
        kind: "bar",
        optimizer: "half",
        augment: "dark",
        views: ["negative"],
      },`,
    ],
  },
  {
    what: "a view",
    file: [
      "lib/training/views/negative.ts",
      `import type { View } from "./view.ts";
export const negative: View = {
  description: "a negative image",
  inputs: () => ({}),
  build: (b, { pixels }) => b.op("Neg", [pixels]),
  draw: () => ({}),
};`,
    ],
    row: [
      "lib/training/views/view_table.ts",
      "export const views = {",
      "negative,",
      'import { negative } from "./negative.ts";',
    ],
  },
  {
    what: "a search",
    row: [
      "lib/training/searches/search_table.ts",
      "export const searches = {",
      'zero: { ...plain, description: "at zero", find: (at) => at(new Float32Array(1)) },',
    ],
  },
  {
    what: "a change of pretraining images",
    row: [
      "lib/drawing/changes/change_table.ts",
      "export const changes = {",
      'wipe: { ...border, description: "wiped", change: ({ canvas }) => canvas.fill(0) },',
    ],
  },
  {
    what: "a corruption",
    file: [
      "lib/vision/corrupt/invert.ts",
      `import { corruption } from "./corruption.ts";
export const invert = corruption(
  "a negative",
  [1, 1, 1, 1, 1],
  ({ image }, level) => image.map((x) => level - x),
);`,
    ],
    row: [
      "lib/vision/corrupt/corrupt.ts",
      "export const corruptions = {",
      "invert,",
      'import { invert } from "./invert.ts";',
    ],
  },
  {
    what: "a data set",
    file: [
      "datasets/dots.ts",
      `import { defineDataset } from "../lib/data/dataset.ts";
const row = (id: string) => ({ id, cluster: id, instruction: "This is", answer: "dot", label: 0 });
const split = (id: string, shade: number) => ({
  rows: [row(id)],
  images: new Uint8Array(3 * 64).fill(shade),
  height: 8,
  width: 8,
});
export default defineDataset({
  info: {
    name: "dots",
    kind: "classification",
    classes: ["dot"],
    licence: "CC0-1.0",
    source: "drawn for a test",
  },
  load: () =>
    Promise.resolve({
      train: split("a", 1),
      validation: split("b", 90),
      test: split("c", 180),
    }),
});`,
    ],
  },
  {
    what: "a stage",
    file: [
      "stages/shout.ts",
      `import { z } from "zod";
import { defineStage } from "../lib/pipeline/contract/stage.ts";
export default defineStage({
  name: "shout",
  description: "Writes a text in capitals.",
  with: z.strictObject({ text: z.string().describe("what is shouted") }),
  outputs: { text: "text" },
  async run({ text }, context) {
    await Deno.writeTextFile(context.output("text"), text.toUpperCase());
  },
});`,
    ],
  },
  {
    what: "a family",
    file: [
      "lib/models/families/echo_vl.ts",
      `import type { Family } from "./family.ts";
import { minigpt4 } from "./minigpt4.ts";
export const echoVl: Family = { ...minigpt4, modelTypes: ["echo_vl"] };`,
    ],
    row: [
      "lib/models/families/family_table.ts",
      "const families: readonly Family[] = [",
      "echoVl,",
      'import { echoVl } from "./echo_vl.ts";',
    ],
  },
  {
    what: "an executor",
    file: [
      "lib/executors/careful.ts",
      `import type { Executor } from "../pipeline/contract/executor.ts";
import { localExecutor } from "./local.ts";
export function carefulExecutor(): Executor {
  const inner = localExecutor({ slots: 1 });
  return {
    name: "careful",
    submit(job, options) {
      options.onEvent({ type: "log", line: "carefully" });
      return inner.submit(job, options);
    },
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}`,
    ],
    row: [
      "lib/workspace/choose_executor.ts",
      "export const executorTable = {",
      `careful: {
        description: "one task after the other",
        choose: () => ({
          jobs: 1,
          capacity: { cpu: 8, gpu: 0 },
          open: () => Promise.resolve(carefulExecutor()),
        }),
      },`,
      'import { carefulExecutor } from "../executors/careful.ts";',
    ],
  },
  {
    what: "a kind of remote",
    file: [
      "lib/cache/remote/void_remote.ts",
      `import type { Remote } from "./remote.ts";
export function voidRemote({ href }: URL): Remote {
  const nothing = () => Promise.resolve(undefined);
  return { url: href, open: nothing, stat: nothing, write: nothing };
}`,
    ],
    row: [
      "lib/cache/remote/open_remote.ts",
      "export const remoteTable: Readonly<Record<string, RemoteKind>> = {",
      '"void:": { description: "a hole", form: "void:", open: voidRemote },',
      'import { voidRemote } from "./void_remote.ts";',
    ],
  },
  {
    what: "a logger",
    file: [
      "lib/cli/loggers/terse.ts",
      `import { printLine } from "../print.ts";
import type { Logger } from "./logger.ts";
export const terseLogger = (): Logger => ({
  log: (event) => printLine("line" in event ? event.line : event.type),
  close: () => {},
});`,
    ],
    row: [
      "lib/cli/loggers/logger_table.ts",
      "export const loggerTable = {",
      `terse: {
        description: "types of events",
        when: "if TERSE is set",
        fits: () => Deno.env.has("TERSE"),
        open: () => Promise.resolve(terseLogger()),
      },`,
      'import { terseLogger } from "./terse.ts";',
    ],
  },
];

/** A program that uses what was added, and prints what came of it. */
export const program = `
import { optimizers } from "./lib/training/optimizer.ts";
import { augmentations } from "./lib/training/augment.ts";
import { openRemote } from "./lib/cache/remote/open_remote.ts";
import { resolveLoss } from "./lib/losses/variants.ts";
import { weightedTerms } from "./lib/losses/loss_table.ts";
import { findFamily } from "./lib/models/families/family_table.ts";
import { promptMask } from "./lib/prompts/prompt_table.ts";
import { resolveSettings } from "./lib/training/prompt_settings.ts";
import { Random } from "./lib/tensor/random.ts";
import { corruptImage } from "./lib/vision/corrupt/corrupt.ts";
import { namesPage } from "./test/tools/reference/names_page.ts";

const settings = resolveSettings({ method: "bar-half", lr: 1, steps: 1 }, { rows: 1, side: 8 });
const { kind, optimizer, augment } = settings;
const values = new Float32Array([4]);
optimizers.half.update({ state: { values } } as never);
const mask = promptMask("bar", { canvas: 4, image: 4 });
const image = new Uint8Array(192).fill(255);
const corrupted = await corruptImage(image, {
  ...{ kind: "invert", severity: 1, draw: "" } as const,
  size: { height: 8, width: 8 },
});
const dark = augmentations.dark.change(new Float32Array([1]), 1, new Random("x"));
const loss = resolveLoss({ square: 2 });
const remote = await openRemote("void:");
console.log(JSON.stringify({
  method: [kind, optimizer, augment],
  rule: values[0],
  mask: mask.data.reduce((sum, each) => sum + each, 0),
  corruption: corrupted[0],
  augmentation: dark[0],
  loss: [loss.method, weightedTerms(loss.weights).map(([name]) => name)],
  family: findFamily({ model_type: "echo_vl" })?.modelTypes,
  remote: remote.url,
  page: await namesPage(),
}));
`;

/** A pipeline that runs what was added. */
export const pipeline = `
name: added
stages:
  shout: { uses: shout, with: { text: hello } }
  data: { uses: load-dataset, with: { dataset: dots } }
  corrupted:
    uses: corrupt-dataset
    with: { data: "\${{ stages.data.test }}", kind: invert, severity: 1 }
`;
