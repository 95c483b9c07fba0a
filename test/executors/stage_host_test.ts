import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { toFileUrl } from "@std/path";
import { contentDigests } from "../../lib/cache/digest/content_digests.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { StageHost } from "../../lib/executors/stage_host.ts";
import { planPipeline } from "../../lib/pipeline/plan/expand.ts";
import { parsePipeline } from "../../lib/pipeline/read/parse.ts";
import { loadStages, StageMistake } from "../../lib/pipeline/plan/stage_lookup.ts";
import { withFolder } from "../cache/rig.ts";

const contract = new URL("../../lib/pipeline/contract/stage.ts", import.meta.url).href;

const stage = (body: string, head = "") =>
  `import { z } from "zod";
import { artifact, defineStage, model } from "${contract}";
${head}
export default defineStage({ name: "own", description: "Own.", ${body}, run: () => Promise.resolve() });
`;

const files: Readonly<Record<string, string>> = {
  "make.ts": stage(
    `with: z.strictObject({ $odd: z.number().default(3), names: z.array(z.string()) }),
     outputs: {}, declareOutputs: ({ names }) => Object.fromEntries(names.map((n) => [n, "text"]))`,
  ),
  "take.ts": stage(
    `with: z.strictObject({ of: z.array(artifact("text")), with: model().optional(), when: z.iso.date().optional() }),
     outputs: { text: "text" }, files: { text: "taken.txt" }, isolation: "inline"`,
  ),
};

async function planned(folder: string, text: string, host?: StageHost) {
  const parsed = await parsePipeline(text, { path: "p.yaml" });
  if (!parsed.ok) throw new DiagnosticError(parsed.error);
  const load = host && ((url: URL) => host.load(url));
  const stages = await loadStages(parsed.value, [toFileUrl(`${folder}/own/`)], load);
  const plan = await planPipeline(parsed.value, stages);
  if (!plan.ok) {
    return plan.error.map(({ message, notes, location }) => ({ message, notes, location }));
  }
  // What a definition is may differ; as JSON a reference is its text.
  return plan.value.tasks.map(({ definition: { name }, ...task }) =>
    JSON.parse(JSON.stringify({ ...task, name }))
  );
}

async function withHost(
  folder: string,
  body: (host: StageHost) => Promise<void>,
  isTrusted = () => false,
): Promise<void> {
  await using digests = contentDigests();
  const { code: digestOf, modules: modulesOf } = digests;
  await using host = new StageHost({ digestOf, modulesOf, isTrusted, memo: `${folder}/memo` });
  await body(host);
}

function writeStages(folder: string, texts: Readonly<Record<string, string>>): void {
  Deno.mkdirSync(`${folder}/own`, { recursive: true });
  for (const [name, text] of Object.entries(texts)) {
    Deno.writeTextFileSync(`${folder}/own/${name}`, text);
  }
}

const good = `name: p
stages:
  make: { uses: make, matrix: { i: [1, 2] }, with: { names: [a, "b\${{ matrix.i }}"] } }
  take: { uses: take, with: { of: ["\${{ stages.make.*.a }}"], with: zoo/x, when: "2026-01-02" } }
`;
const wrong = `name: p
stages:
  make: { uses: make, with: { names: [1], other: 2 } }
  take: { uses: take, with: { of: "\${{ stages.make.a }}" } }
`;

Deno.test("StageHost plans as the module itself does, without running it here", () =>
  withFolder(async (folder) => {
    writeStages(folder, files);
    const here = [await planned(folder, good), await planned(folder, wrong)];
    // The second time from what was kept.
    for (const _ of ["asked", "kept"]) {
      await withHost(folder, async (host) => {
        assertEquals([await planned(folder, good, host), await planned(folder, wrong, host)], here);
        const { stage } = await host.load(toFileUrl(`${folder}/own/take.ts`));
        assertEquals(stage.isolation, "worker");
      });
    }
  }));

const broken: readonly (readonly [what: string, text: string, cause: RegExp])[] = [
  [
    "wants a variable",
    stage("with: z.any(), outputs: {}", `Deno.env.get("HOME");`),
    /NotCapable: Requires env/,
  ],
  [
    "leads out",
    stage(`with: z.any(), outputs: { "../x": "text" }`),
    /output "\.\.\/x" cannot be a file: it has a slash/,
  ],
  [
    "names a file",
    stage(`with: z.any(), outputs: { x: "text" }, files: { x: "../x" }`),
    /file name "\.\.\/x": it has a slash/,
  ],
  ["ends itself", "Deno.exit(0);", /own\/bad\.ts ends before it describes itself/],
  [
    "says nonsense",
    `console.log("\\x1enull");`,
    /Cannot read the description of a stage/,
  ],
  ["is not a stage", "export default 1;", /its default export is not made by defineStage/],
];

for (const [what, text, cause] of broken) {
  Deno.test(`StageHost says why it cannot use a module that ${what}`, () =>
    withFolder(async (folder) => {
      writeStages(folder, { "bad.ts": text });
      await withHost(folder, async (host) => {
        const load = () => host.load(toFileUrl(`${folder}/own/bad.ts`));
        assertMatch((await assertRejects(load, StageMistake)).mistake.cause, cause);
      });
    }));
}

Deno.test("StageHost gives a module that is trusted the permissions that it had", () =>
  withFolder(async (folder) => {
    writeStages(folder, {
      "own.ts": stage("with: z.any(), outputs: {}", "Deno.cwd(); Deno.hostname();"),
    });
    await withHost(folder, async (host) => {
      assertEquals((await host.load(toFileUrl(`${folder}/own/own.ts`))).stage.name, "own");
    }, () => true);
  }));
