import { assert, assertEquals } from "@std/assert";
import { toFileUrl } from "@std/path";
import { renderDiagnostics } from "../../lib/diagnostic/render.ts";
import { planPipeline } from "../../lib/pipeline/plan/expand.ts";
import { loadStages } from "../../lib/pipeline/plan/stage_lookup.ts";
import { parsePipeline } from "../../lib/pipeline/read/parse.ts";
import { withFolder } from "../cache/rig.ts";
import { checkModules, fillFolder, pathOf, run, runModule, runShell } from "./example_folder.ts";
import { notRun } from "./not_run.ts";
import { type Example, examplesOf, pagePaths, root } from "./pages.ts";

/** Runs an example in the folder of its page; what is wrong with it, or undefined. */
type Check = (example: Example, folder: string) => Promise<string | undefined>;

/** What is done with the examples of each language. */
const checks: Readonly<Record<string, Check>> = {
  // What a command printed, and drawings.
  "": () => Promise.resolve(undefined),
  mermaid: () => Promise.resolve(undefined),
  json: ({ text }) => Promise.resolve(void JSON.parse(text)),
  sh: async ({ text }, folder) => failureOf(await runShell(folder, text)),
  yaml: checkPipeline,
  ts: runExample,
  python: checkPython,
};

const failureOf = ({ success, text }: { success: boolean; text: string }) =>
  success ? undefined : text;

/** An example may be a part of a file: what a file must have is added. */
async function checkPipeline({ text: part }: Example, folder: string): Promise<string | undefined> {
  const name = /^name:/m.test(part) ? "" : "name: example\n";
  const text = name + part + (/^stages:/m.test(part) ? "" : "stages: { a: { uses: noop } }\n");
  const parsed = await parsePipeline(text, {
    path: "example.yaml",
    read: (path) => ({ path, text: "vars: { included: true }\n" }),
  });
  const folders = [toFileUrl(`${folder}/my_stages/`), new URL("stages/", root)];
  const planned = parsed.ok
    ? await planPipeline(parsed.value, await loadStages(parsed.value, folders))
    : parsed;
  return planned.ok ? undefined : renderDiagnostics(planned.error, { source: () => text });
}

/** A module with a path of its own is run by a pipeline; all types are checked below. */
async function runExample(example: Example, folder: string): Promise<string | undefined> {
  if (pathOf(example) !== undefined) return undefined;
  await Deno.writeTextFile(`${folder}/example.ts`, moduleText(example));
  return failureOf(await runModule(folder, "example.ts"));
}

/** From the repository a reader writes `./lib/…`. */
function moduleText({ text }: Example): string {
  return text.replaceAll('"./lib/', `"${root.href}lib/`);
}

async function checkPython(example: Example, folder: string): Promise<string | undefined> {
  try {
    return failureOf(await run("python3", [pathOf(example)!, "rows"], folder));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log("not run: there is no python3 here");
  }
}

/** How the table of exceptions names an example: comments at the end of its line are left out. */
function nameOf({ page, text }: Example): string {
  return `${page}: ${text.split("\n")[0]!.replace(/ {2,}#.*$/, "")}`;
}

for (const page of pagePaths) {
  const examples = examplesOf(page);
  const todo = examples.filter((example) => !Object.hasOwn(notRun, nameOf(example)));
  if (todo.every(({ language }) => language === "" || language === "mermaid")) continue;
  Deno.test(`the examples of ${page} run`, () =>
    withFolder(async (folder) => {
      await fillFolder(folder, examples);
      for (const example of todo) {
        const check = checks[example.language];
        assert(check !== undefined, `${nameOf(example)}: no check for ${example.language}`);
        const failure = await check(example, folder);
        assertEquals(failure, undefined, `${nameOf(example)}\n${failure}`);
      }
    }));
}

Deno.test("the types of all examples are right", () =>
  withFolder(async (folder) => {
    const modules = pagePaths.flatMap(examplesOf).filter(({ language }) => language === "ts");
    const paths = await Promise.all(modules.map(async (example, i) => {
      const path = `${folder}/example_${i}.ts`;
      await Deno.writeTextFile(path, moduleText(example));
      return path;
    }));
    const { success, text } = await checkModules(folder, paths);
    assert(success, text);
  }));

Deno.test("every exception of the examples is met, with a reason", () => {
  const names = new Set(pagePaths.flatMap(examplesOf).map(nameOf));
  assertEquals(Object.keys(notRun).filter((name) => !names.has(name)), []);
});
