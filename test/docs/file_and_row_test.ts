import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { inFolder, tvp } from "../cli/workplace.ts";
import { additions, pipeline, program } from "./added_rows.ts";

const root = new URL("../../", import.meta.url).pathname;

/** What a copy of the program needs to run, and to write its page of names. */
const copied = ["lib", "stages", "datasets", "test/tools/reference", "deno.json", "deno.lock"];

function copy(from: string, to: string): void {
  if (!Deno.statSync(from).isDirectory) {
    Deno.mkdirSync(dirname(to), { recursive: true });
    return Deno.copyFileSync(from, to);
  }
  for (const { name } of Deno.readDirSync(from)) copy(join(from, name), join(to, name));
}

function add(folder: string): void {
  for (const { what, file, row } of additions) {
    if (file) Deno.writeTextFileSync(join(folder, file[0]), file[1]);
    if (!row) continue;
    const [table, behind, text, imports] = row;
    const before = Deno.readTextFileSync(join(folder, table));
    assertStringIncludes(before, behind, `${what}: the table has moved`);
    // Behind the module's comment, which ends the first block.
    const after = before.replace(behind, `${behind}\n${text}`)
      .replace(/^(\/\*\*[\s\S]*?\*\/\n)/, `$1${imports ?? ""}\n`);
    Deno.writeTextFileSync(join(folder, table), after);
  }
}

/** All lists of choices of a JSON Schema. */
function choicesIn(schema: unknown): string[][] {
  if (typeof schema !== "object" || schema === null) return [];
  const own = "enum" in schema && Array.isArray(schema.enum) ? [schema.enum.map(String)] : [];
  return [...own, ...Object.values(schema).flatMap(choicesIn)];
}

Deno.test("a file and a row are all that one more of each thing needs", async (test) => {
  await inFolder(async (folder) => {
    for (const path of copied) copy(join(root, path), join(folder, path));
    add(folder);
    const main = join(folder, "lib/cli/main.ts");
    const run = (...args: string[]) => tvp(folder, ...args, { env: { TERSE: "1" }, program: main });

    await test.step("it compiles", async () => {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["check", "--quiet", "stages/", "lib/cli/main.ts", "lib/cli/commands/run.ts"],
        cwd: folder,
      }).output();
      assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    });

    await test.step("the schema of pipeline files and the help name it", async () => {
      const schema = JSON.parse((await run("schema")).out);
      const choices = choicesIn(schema);
      for (
        const [beside, added] of [
          ["vp", "bar-half"],
          ["frame", "bar"],
          ["sgd", "half"],
          ["flip-crop", "dark"],
          ["fog", "invert"],
          ["spectrum", "negative"],
          ["reverse", "zero"],
          ["cutout", "wipe"],
        ] as const
      ) {
        const lists = choices.filter((list) => list.includes(beside));
        assert(lists.length > 0, beside);
        for (const list of lists) assert(list.includes(added), `${added} is not in ${list}`);
      }
      assertStringIncludes(JSON.stringify(schema), '"weight of mean square of δ"');
      assertStringIncludes((await run("stages")).out, "Writes a text in capitals");
      assertStringIncludes((await run("data", "ls")).out, "dots");
      assertStringIncludes((await run("run", "--help")).out, "--executor careful|local|slurm");
    });

    await test.step("it works, and the page of names has it", async () => {
      Deno.writeTextFileSync(join(folder, "use.ts"), program);
      const { code, out, err } = await tvp(folder, { env: {}, program: join(folder, "use.ts") });
      assertEquals([code, err], [0, ""]);
      const { page, ...used } = JSON.parse(out);
      assertEquals(used, {
        method: ["bar", "half", "dark"],
        rule: 2,
        mask: 3 * 2 * 4,
        corruption: 0,
        augmentation: 0.5,
        loss: ["2 square", ["square"]],
        family: ["echo_vl"],
        remote: "void:/",
      });
      for (
        const row of [
          "| `square` | mean square of δ |",
          "| `bar` | a bar at the top |",
          "| `half` | half the value |",
          "| `dark` | darker |",
          "| `bar-half` | a bar, halved | `vp` | `kind: bar`, `optimizer: half`, `augment: dark`, `views: [negative]` |",
          "| `negative` | a negative image |",
          "| `zero` | at zero |",
          "| `wipe` | wiped |",
          "| `invert` | a negative |",
          "| `dots` | classification | dot | CC0-1.0 | drawn for a test |",
          "| `careful` | one task after the other |",
          "| `void:` | a hole |",
          "| `terse` | types of events | if TERSE is set |",
        ]
      ) assertStringIncludes(page, row);
      assertStringIncludes(page, "`echo_vl`");
    });

    await test.step("a run goes through it", async () => {
      Deno.writeTextFileSync(join(folder, "added.yaml"), pipeline);
      const { code, out, err } = await run("run", "added.yaml", "--executor", "careful");
      assertEquals([code, err], [0, ""]);
      const lines = out.trim().split("\n");
      assertEquals(lines.filter((line) => line === "carefully").length, 3);
      assertEquals([lines[0], lines.at(-1)], ["run-started", "run-finished"]);
      const latest = join(folder, ".tvp/runs/added/latest");
      assertEquals(Deno.readTextFileSync(join(latest, "shout/text.txt")), "HELLO");
    });
  });
});
