import { assertEquals, assertNotEquals } from "@std/assert";
import { dirname, join, toFileUrl } from "@std/path";
import { z } from "zod";
import { contentDigests } from "../../lib/cache/digest/content_digests.ts";
import { localStore } from "../../lib/cache/local/store.ts";
import { sourceResolver } from "../../lib/workspace/sources.ts";
import type { Job } from "../../lib/pipeline/contract/job.ts";
import type { StageLookup } from "../../lib/pipeline/plan/plan.ts";
import { runTasks } from "../../lib/pipeline/run/run_plan.ts";
import { artifact, dataset, defineStage, file, model } from "../../lib/pipeline/contract/stage.ts";
import { planText } from "../rigs/pipeline_rig.ts";
import { PuppetExecutor } from "../rigs/puppet.ts";
import { withFolder } from "../cache/rig.ts";

type Files = Readonly<Record<string, string>>;

const project: Files = {
  "deno.json": `{ "imports": { "maths": "npm:maths@^1", "words": "npm:words@^1" } }`,
  "deno.lock": JSON.stringify({
    version: "5",
    specifiers: { "npm:maths@^1": "1.0.0", "npm:words@^1": "1.0.0" },
    npm: { "maths@1.0.0": { integrity: "m0" }, "words@1.0.0": { integrity: "w0" } },
  }),
  "stages/load.ts": `export default "loads";`,
  "stages/train.ts": `import "maths"; import "../lib/loop.ts"; export default "trains";`,
  "stages/read.ts": `export default "reads";`,
  "stages/report.ts": `import "words"; export default "reports";`,
  "lib/loop.ts": `export const steps = 1;`,
  "datasets/shapes.ts":
    `const rows = new URL("./shapes.csv", import.meta.url);\nexport default rows;`,
  "datasets/shapes.csv": "circle,1\n",
  "zoo/tiny/config.json": "{}",
  "zoo/tiny/onnx/model.onnx_data": "weights 0",
  "notes.txt": "notes 0",
};

const pipeline = `name: changes
env: { MODE: fast }
stages:
  data: { uses: load, with: { dataset: shapes } }
  train: { uses: train, with: { data: "\${{ stages.data.out }}", model: zoo/tiny } }
  notes: { uses: read, with: { file: ./notes.txt }, env: { MODE: "\${{ env.MODE }}" } }
  report: { uses: report, with: { of: ["\${{ stages.train.out }}", "\${{ stages.notes.out }}"] } }
`;

function stageOf(name: string, shape: z.ZodRawShape) {
  return defineStage({
    name,
    description: name,
    with: z.strictObject(shape),
    outputs: { out: "text" },
    run: () => Promise.resolve(),
  });
}

const stages = {
  load: stageOf("load", { dataset: dataset() }),
  train: stageOf("train", { data: artifact("text"), model: model() }),
  read: stageOf("read", { file: file() }),
  report: stageOf("report", { of: z.array(artifact("text")) }),
};

function lookupIn(folder: string): StageLookup {
  return {
    names: Object.keys(stages),
    get: (name) => ({
      stage: stages[name as keyof typeof stages],
      module: toFileUrl(join(folder, `stages/${name}.ts`)).href,
    }),
  };
}

function write(folder: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    Deno.mkdirSync(dirname(path), { recursive: true });
    Deno.writeTextFileSync(path, text);
  }
}

/** What a task makes: something of its own key, or always the same. */
const contents = {
  own: ({ key }: Job) => key,
  equal: ({ stage }: Job) => stage,
};

/** Runs the pipeline of a folder; gives the tasks that ran. */
async function run(
  folder: string,
  { store, content }: { store: string; content: keyof typeof contents },
): Promise<string[]> {
  const plan = await planText(pipeline, { stages: lookupIn(folder) });
  const root = toFileUrl(`${folder}/`);
  await using digests = contentDigests({ root, memo: join(store, "digests.json") });
  await using opened = localStore(store);
  const executor = new PuppetExecutor((puppet) => {
    Deno.writeTextFileSync(puppet.job.outputs.out!, contents[content](puppet.job));
    puppet.succeed();
  });
  await runTasks(plan, {
    store: opened,
    digests,
    resolver: sourceResolver({ root: `${folder}/`, base: folder }, digests),
    executor,
  });
  return executor.started.toSorted();
}

function edited(name: string, from: string, to: string): Files {
  assertEquals(from.length, to.length, "an edit that changes the size would be easy to notice");
  const text = project[name]!;
  assertNotEquals(text.replace(from, to), text, `nothing to edit in ${name}`);
  return { [name]: text.replace(from, to) };
}

const all = ["data", "notes", "report", "train"];
const cases: readonly {
  what: string;
  files: Files;
  ran: readonly string[];
  content?: "equal";
}[] = [
  {
    what: "a byte of a model's weights",
    files: edited("zoo/tiny/onnx/model.onnx_data", "0", "1"),
    ran: ["report", "train"],
  },
  {
    what: "a byte of a data set's file",
    files: edited("datasets/shapes.csv", "1", "2"),
    ran: ["data", "report", "train"],
  },
  {
    what: "a byte of a data set's code",
    files: edited("datasets/shapes.ts", "default rows", "default  row"),
    ran: ["data", "report", "train"],
  },
  {
    what: "a byte of the last stage's code",
    files: edited("stages/report.ts", "reports", "Reports"),
    ran: ["report"],
  },
  {
    what: "a byte of a module that a stage imports",
    files: edited("lib/loop.ts", "1", "2"),
    ran: ["report", "train"],
  },
  {
    what: "the version of a package in the lock file",
    files: edited("deno.lock", 'npm:maths@^1":"1.0.0', 'npm:maths@^1":"1.0.1'),
    ran: ["report", "train"],
  },
  {
    what: "the bytes of a package in the lock file",
    files: edited("deno.lock", "w0", "w1"),
    ran: ["report"],
  },
  {
    what: "a byte of a file",
    files: edited("notes.txt", "0", "1"),
    ran: ["notes", "report"],
  },
  {
    what: "code whose result stays the same",
    files: edited("lib/loop.ts", "1", "2"),
    ran: ["train"],
    content: "equal",
  },
  { what: "nothing, but writing every file again", files: project, ran: [] },
];

for (const { what, files, ran, content = "own" } of cases) {
  Deno.test(`runTasks() after a change of ${what} runs ${ran.join(" and ") || "nothing"}`, () =>
    withFolder(async (folder) => {
      const store = join(folder, "cache");
      write(folder, project);
      assertEquals(await run(folder, { store, content }), all);
      write(folder, files);
      assertEquals(await run(folder, { store, content }), ran);
      assertEquals(await run(folder, { store, content }), []);
      write(folder, project);
      assertEquals(await run(folder, { store, content }), [], "the old results are still there");
    }));
}

Deno.test("runTasks() runs nothing in a copy of the project elsewhere, with other times", () =>
  withFolder(async (folder) => {
    const store = join(folder, "cache");
    const [here, there] = [join(folder, "here"), join(folder, "there")];
    write(here, project);
    await run(here, { store, content: "own" });
    write(there, project);
    for (const name of Object.keys(project)) {
      Deno.utimeSync(join(there, name), new Date(0), new Date(0));
    }
    assertEquals(await run(there, { store, content: "own" }), []);
  }));
