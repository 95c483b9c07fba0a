import { assertEquals, assertMatch } from "@std/assert";
import { toFileUrl } from "@std/path";
import { parsePipeline } from "../../../lib/pipeline/read/parse.ts";
import { shownPath } from "../../../lib/pipeline/contract/shown_path.ts";
import { loadStages } from "../../../lib/pipeline/plan/stage_lookup.ts";
import { withFolder } from "../../cache/rig.ts";

const contract = new URL("../../../lib/pipeline/contract/stage.ts", import.meta.url).href;

const files: Readonly<Record<string, string>> = {
  "greet.ts": `import { z } from "zod";
import { defineStage } from "${contract}";
export default defineStage({ name: "greet", description: "Greets.", with: z.strictObject({}),
  outputs: { text: "text" }, run: () => Promise.resolve() });`,
  "broken.ts": "export default 1 +;\n",
  "empty.ts": "export const x = 1;\n",
  "no_type.ts": `import { z } from "zod";
import { defineStage } from "${contract}";
export default defineStage({ name: "no-type", description: "Has a wrong type.",
  with: z.strictObject({}), outputs: { text: "tenser" as never }, run: () => Promise.resolve() });`,
  "takes_no_type.ts": `import { artifact } from "${contract}";
const wrong = artifact("tenser" as never);`,
  "half.ts": `import { z } from "zod";
export default { name: "half", with: z.strictObject({}), outputs: {}, rum: () => {} };`,
  "throws.ts": 'throw new RangeError("not today");\n',
};

const cases: readonly [uses: string, cause: RegExp, note?: string][] = [
  [
    "greeet",
    /^there is no .*own\/greeet\.ts and no .*\/gone\/greeet\.ts$/,
    'did you mean "greet"?',
  ],
  ["Greet", /^a name is small letters, digits and -, starting with a letter$/],
  ["broken", /broken\.ts cannot be loaded: SyntaxError: Expression expected$/],
  ["empty", /empty\.ts cannot be loaded: its default export is not made by defineStage$/],
  ["half", /half\.ts cannot be loaded: its stage lacks run, it has name, with, outputs, rum$/],
  ["throws", /throws\.ts cannot be loaded: RangeError: not today$/, "at DIR/own/throws.ts:1:7"],
  [
    "no-type",
    /output "text" has no type: there is no artifact type "tenser", known types are dataset, /,
  ],
  [
    "takes-no-type",
    /RangeError: Cannot take an artifact: there is no artifact type "tenser", known types are dataset, /,
    "at DIR/own/takes_no_type.ts:2:15",
  ],
];

Deno.test("loadStages() finds stage types, and says why one cannot be used", () =>
  withFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/own`);
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(`${folder}/own/${name}`, text);
    }
    const stages = ["greet", ...cases.map(([uses]) => uses)]
      .map((uses, index) => `  s${index}: { uses: ${uses} }\n`).join("");
    const parsed = await parsePipeline(`name: p\nstages:\n${stages}`, { path: "p.yaml" });
    const folders = ["own", "gone"].map((name) => toFileUrl(`${folder}/${name}/`));
    const lookup = await loadStages(parsed.ok ? parsed.value : undefined!, folders);
    assertEquals(lookup.get("greet")?.stage.name, "greet");
    for (const [uses, cause, note] of cases) {
      const mistake = lookup.mistake!(uses)!;
      assertMatch(mistake.cause, cause);
      if (note) {
        assertEquals(
          mistake.notes?.[0],
          note.replace("DIR", shownPath(`${folder}/own`).replace(/\/own$/, "")),
        );
      }
    }
    assertMatch(lookup.mistake!("greeet")!.notes!.at(-1)!, /^there is no folder .*gone$/);
  }));
