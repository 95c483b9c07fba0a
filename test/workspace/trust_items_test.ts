import { assertEquals } from "@std/assert";
import { toFileUrl } from "@std/path";
import { contentDigests } from "../../lib/cache/digest/content_digests.ts";
import { trustItems } from "../../lib/workspace/trust_items.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { parsePipeline } from "../../lib/pipeline/read/parse.ts";
import { inFolder } from "../cli/workplace.ts";

const file = `name: p
vars: { words: [sh, -c, "\${{ vars.script }}"], script: "echo 1", unused: 1 }
env: { HF_TOKEN: null, MODE: fast }
stageFolder: ./own
lossFolder: ./losses
defaults: { executor: { slurm: { setup: module load x } } }
stages:
  own: { uses: own }
  ours: { uses: noop, with: { x: 1 } }
  list: { uses: command, with: { run: "\${{ vars.words }}", outputs: { t: text } } }
  cells:
    uses: command
    matrix: { seed: [1], include: [{ cmd: "true" }] }
    with: { run: ["\${{ matrix.cmd }}"], files: { f: ./a.sh }, outputs: { t: text } }
`;

async function itemsOf(folder: string, text: string) {
  const parsed = await parsePipeline(text, { path: "p.yaml" });
  if (!parsed.ok) throw new DiagnosticError(parsed.error);
  await using digests = contentDigests();
  const stageFolders = [
    toFileUrl(`${folder}/own/`),
    new URL("../../stages/", import.meta.url),
  ];
  return await trustItems(parsed.value, { base: folder, stageFolders, digests });
}

/** Places of the items that another text, or another file, changes; the last stands for them all. */
const changes: readonly (readonly [what: string, from: string, to: string, changed: number[]])[] = [
  ["a variable that a program refers to", "echo 1", "echo 2", [2, 5]],
  ["a variable that none refers to", "unused: 1", "unused: 2", []],
  ["a cell that is included", 'cmd: "true"', 'cmd: "false"', [3, 5]],
  ["an axis that no word refers to", "seed: [1]", "seed: [1, 2]", []],
  ["parameters of our own stages", "x: 1", "x: 2", []],
  ["lines before jobs of a cluster", "module load x", "module load y", [4, 5]],
  ["secrets that are handed over", "MODE: fast", "MY_SECRET: null", [5]],
  ["settings that are handed over", "MODE: fast", "MODE: slow", []],
];

Deno.test("trustItems() changes where what would run does", () =>
  inFolder(async (folder) => {
    for (const name of ["own", "losses"]) Deno.mkdirSync(`${folder}/${name}`);
    Deno.writeTextFileSync(`${folder}/own/own.ts`, `import "./part.ts";`);
    Deno.writeTextFileSync(`${folder}/own/part.ts`, "1;");
    Deno.writeTextFileSync(`${folder}/losses/mine.ts`, "export default 1;");
    Deno.writeTextFileSync(`${folder}/a.sh`, "true\n");
    const before = await itemsOf(folder, file);
    assertEquals(before.map(({ what }) => what.replace(/: .*\/(own|losses)\//, ": $1/")), [
      "stage type own: own/own.ts",
      "loss term: losses/mine.ts",
      'program: ${{ vars.words }} (vars.words = ["sh","-c","${{ vars.script }}"], ' +
      'vars.script = "echo 1")',
      'program: ${{ matrix.cmd }} (matrix.cmd = ["true"])',
      "setup of Slurm jobs: module load x",
      "passes to them: HF_TOKEN",
    ]);
    const changed = async (text: string) => {
      const after = await itemsOf(folder, text);
      return after.flatMap(({ digest }, at) => digest === before[at]?.digest ? [] : [at]);
    };
    for (const [what, from, to, expected] of changes) {
      assertEquals(await changed(file.replace(from, to)), expected, what);
    }
    Deno.writeTextFileSync(`${folder}/own/part.ts`, "2;");
    assertEquals(await changed(file), [0, 5]);
    Deno.writeTextFileSync(`${folder}/a.sh`, "false\n");
    assertEquals(await changed(file), [0, 3, 5]);
  }));
