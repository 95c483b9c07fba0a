import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { annotation } from "../../lib/cli/github.ts";
import { inFolder, tvp } from "./workplace.ts";

const contract = new URL("../../lib/pipeline/contract/stage.ts", import.meta.url).href;

const pageStage = `import { z } from "zod";
import { defineStage } from "${contract}";
export default defineStage({
  name: "page",
  description: "Writes a page.",
  with: z.strictObject({ lines: z.int() }),
  outputs: { page: "text" },
  files: { page: "page.md" },
  async run({ lines }, context) {
    context.log("::error::not a command");
    await Deno.writeTextFile(context.output("page"), "# Results\\n" + "x".repeat(99) + "\\n".repeat(lines));
  },
});
`;

const files: Readonly<Record<string, string>> = {
  "stages/page.ts": pageStage,
  "work/good.yaml":
    "name: good\nstageFolder: ../stages\nstages:\n  page: { uses: page, with: { lines: 1 } }\n",
  "work/broken.yaml": "name: broken\nstages:\n  a: { uses: nop, wth: 1 }\n",
  "work/fails.yaml": "name: fails\ninclude: [part.yaml]\nstages: { ok: { uses: noop } }\n",
  "work/part.yaml": `stages:
  bad:
    uses: command
    with: { run: [sh, -c, "printf 'one\\\\n::error::two\\\\n'; exit 3"], outputs: { o: text } }
`,
};

/** Runs in a checkout as GitHub's runner does; gives what it printed and the files it was given. */
async function inWorkflow(
  folder: string,
  ...args: readonly string[]
): Promise<{ code: number; out: string; err: string; summary: string; outputs: string }> {
  for (const [name, text] of Object.entries(files)) {
    Deno.mkdirSync(`${folder}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${folder}/${name}`, text);
  }
  const [GITHUB_STEP_SUMMARY, GITHUB_OUTPUT] = [`${folder}/summary.md`, `${folder}/output.txt`];
  Deno.writeTextFileSync(GITHUB_STEP_SUMMARY, "before\n");
  Deno.writeTextFileSync(GITHUB_OUTPUT, "");
  const env = { GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: folder, GITHUB_STEP_SUMMARY };
  const ran = await tvp(`${folder}/work`, ...args, { env: { ...env, GITHUB_OUTPUT } });
  const read = (path: string) => Deno.readTextFileSync(path);
  return { ...ran, summary: read(GITHUB_STEP_SUMMARY), outputs: read(GITHUB_OUTPUT) };
}

Deno.test("a workflow gets groups, the report as job summary, and outputs", () =>
  inFolder(async (folder) => {
    const { code, out, summary, outputs } = await inWorkflow(folder, "run", "good.yaml");
    assertEquals(code, 0);
    assertMatch(
      out,
      /^… page\n::group::✓ page .*\n {2}page: ::error::not a command\n::endgroup::\nDone: 1 task/,
    );
    assertMatch(summary, /^before\n## good\n\nDone: 1 task, 1 ran in .*\n\n# Results\nx+\n/);
    assertEquals(outputs, "outcome=done\nran=1\ncached=0\nfailed=0\nreport=\n");
  }));

Deno.test("a workflow gets mistakes of a pipeline file beside their lines", () =>
  inFolder(async (folder) => {
    const { code, err } = await inWorkflow(folder, "run", "broken.yaml");
    assertEquals(code, 2);
    assertStringIncludes(err, 'broken.yaml:3:19: error: Unknown key "wth" in stages.a\n');
    assertStringIncludes(
      err,
      "\n::error file=work/broken.yaml,line=3,col=19,endColumn=22::" +
        'Unknown key "wth" in stages.a%0Adid you mean "with"?%0Aknown: "uses"',
    );
  }));

Deno.test("a workflow gets failures beside the stage, in the file that has it", () =>
  inFolder(async (folder) => {
    const { code, out, summary, outputs } = await inWorkflow(
      folder,
      "run",
      "fails.yaml",
      "--keep-going",
    );
    assertEquals(code, 1);
    assertStringIncludes(
      out,
      "::error file=work/part.yaml,line=2,col=3,endColumn=6::bad: Cannot finish",
    );
    assertEquals(
      out.split("\n").filter((line) => line.trimStart().startsWith("::error")).length,
      1,
    );
    assertMatch(summary, /## fails\n\nFailed: 2 tasks, 1 ran, 1 failed in .*\n\n- `bad`: Cannot /);
    assertMatch(outputs, /^outcome=failed\nran=1\ncached=0\nfailed=1\n/);
  }));

Deno.test("a workflow's summary leaves out a report that GitHub would refuse", () =>
  inFolder(async (folder) => {
    const { summary } = await inWorkflow(
      folder,
      "run",
      "good.yaml",
      "--set",
      "stages.page.with.lines=1100000",
    );
    assertStringIncludes(summary, "The report is too long for this page.");
    assertEquals(summary.length < 1000, true);
  }));

Deno.test("annotation() escapes what has a meaning", () => {
  assertEquals(
    annotation("warning", "50 %\nmore", { path: "a,b:c.yaml", line: 2 }),
    "::warning file=a%2Cb%3Ac.yaml,line=2::50 %25%0Amore",
  );
  assertEquals(annotation("error", "x", undefined), "::error::x");
});
