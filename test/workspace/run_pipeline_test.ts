import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { inFolder, tvp } from "../cli/workplace.ts";
import { examplesOf } from "../docs/pages.ts";
import project from "../../deno.json" with { type: "json" };

const root = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

/** What the tutorial tells other projects to write, with this checkout for `../tvp`. */
const CONFIG = examplesOf("docs/tutorial.md").find(({ text }) => text.includes('"links"'))!.text
  .replaceAll("../tvp", root);

const PIPELINE = `
name: outside
stages:
  value: { uses: noop, matrix: { n: [1, 2] }, with: { value: "\${{ matrix.n }}" } }
`;

const OWN = `
name: own
stageFolder: ./own
stages: { hello: { uses: hello } }
`;

const PROGRAM = `
import { DiagnosticError, runPipeline } from "@tvp/pipeline/pipeline";

for (const times of ["first", "again"]) {
  const types: string[] = [];
  const { summary, folder } = await runPipeline({ file: "outside.yaml" }, {
    jobs: 1,
    onEvent: ({ type }) => types.push(type),
  });
  const { outcome, ran, cached } = summary;
  console.log(times, outcome, ran, cached, folder, types.at(-1));
}
try {
  await runPipeline({ file: "own.yaml" });
} catch (error) {
  if (error instanceof DiagnosticError) console.log(error.diagnostics[0].message);
}
`;

Deno.test("the tutorial links every package of std that the library imports", () => {
  const wanted = project.links.filter((path) => !path.endsWith("/assert"));
  assertEquals(
    wanted.filter((path) => !CONFIG.includes(`"${root}${path.slice(1)}"`)),
    [],
  );
});

Deno.test("a program of others runs a pipeline by the public name, and no code that is not trusted", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "deno.json"), CONFIG);
    await Deno.writeTextFile(join(folder, "outside.yaml"), PIPELINE);
    await Deno.writeTextFile(join(folder, "own.yaml"), OWN);
    await Deno.mkdir(join(folder, "own"));
    await Deno.writeTextFile(join(folder, "own/hello.ts"), "throw new Error('ran');");
    await Deno.writeTextFile(join(folder, "main.ts"), PROGRAM);
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-check", "main.ts"],
      cwd: folder,
      env: { XDG_CONFIG_HOME: folder, NO_COLOR: "1" },
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    assertEquals(new TextDecoder().decode(stdout).trim().split("\n"), [
      "first done 2 0 .tvp/runs/outside/latest run-finished",
      "again done 0 2 .tvp/runs/outside/latest run-finished",
      "Cannot run own.yaml: it brings code that is not trusted",
    ]);
  }));

const FOUR = `
name: four
stages:
  value: { uses: noop, matrix: { n: [1, 2, 3, 4] }, with: { value: "\${{ matrix.n }}" } }
`;

Deno.test("a cached run puts back what was deleted of the latest results, and nothing else", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "four.yaml"), FOUR);
    assertEquals((await tvp(folder, "run", "four.yaml")).code, 0);
    const latest = join(folder, ".tvp/runs/four/latest");
    const [file, whole, link, edited] = [1, 2, 3, 4].map((n) =>
      join(latest, `value/n=${n}/value.json`)
    ) as [string, string, string, string];
    const results = [file, whole, link].map((path) => Deno.readTextFileSync(path));
    Deno.removeSync(file);
    Deno.removeSync(dirname(whole), { recursive: true });
    Deno.removeSync(link);
    Deno.symlinkSync("nowhere", link);
    // Results are read-only; an editor writes a new file.
    Deno.removeSync(edited);
    Deno.writeTextFileSync(edited, "mine");
    const run = Deno.realPathSync(latest);
    const { code, out, err } = await tvp(folder, "run", "four.yaml");
    assertEquals(code, 0, err);
    assertStringIncludes(out + err, "Nothing to do: 4 tasks, all cached");
    assertEquals(Deno.realPathSync(latest), run);
    assertEquals([file, whole, link].map((path) => Deno.readTextFileSync(path)), results);
    assertEquals(Deno.readTextFileSync(edited), "mine");
  }));

/** Pipelines that edit one of their own inputs, and the path of that input. */
const EDITORS: readonly (readonly [input: string, files: Readonly<Record<string, string>>])[] = [
  ["data.txt", {
    "data.txt": "one",
    "p.yaml": `
name: p
stages:
  a:
    uses: command
    with:
      run: [sh, -c, "cat {files.data} > {outputs.text}; printf two > {files.data}"]
      files: { data: ./data.txt }
      outputs: { text: text }
`,
  }],
  ["own/word.ts", {
    "own/word.ts": 'export const word = "one";',
    "own/editor.ts": `
import { z } from "zod";
import { defineStage } from "@tvp/pipeline/stage";
import { word } from "./word.ts";
export default defineStage({
  name: "editor",
  description: "Edits a module that it imports.",
  with: z.strictObject({}),
  outputs: { text: "text" },
  permissions: ["write"],
  async run(_, context) {
    await Deno.writeTextFile(context.output("text"), word);
    await Deno.writeTextFile(new URL("./word.ts", import.meta.url), 'export const word = "two";');
  },
});
`,
    "p.yaml": "name: p\nstageFolder: ./own\nstages: { a: { uses: editor } }\n",
  }],
];

for (const [input, files] of EDITORS) {
  Deno.test(`a result is not kept whose ${input} was edited while the task ran`, () =>
    inFolder(async (folder) => {
      await Deno.mkdir(join(folder, "own"));
      const put = (path: string) => Deno.writeTextFile(join(folder, path), files[path]!);
      await Promise.all(Object.keys(files).map(put));
      for (const _ of ["first", "again"]) {
        await put(input);
        const { code, out, err } = await tvp(folder, "run", "p.yaml", "--trust");
        assertEquals(code, 0, err);
        assertStringIncludes(out + err, "1 task, 1 ran");
        assertStringIncludes(out + err, 'Cannot keep the result of "a" for later runs: ');
        const text = await Deno.readTextFile(join(folder, ".tvp/runs/p/latest/a/text.txt"));
        assertEquals(text, "one");
      }
    }));
}
