import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder, tvp } from "./workplace.ts";

const pipeline = `name: bad
stages:
  ok: { uses: noop }
  a:
    uses: command
    matrix: { i: [1, 2] }
    with: { run: [sh, -c, "echo hello; exit \${{ matrix.i }}"], outputs: { t: text } }
`;

const ownStage = `import { z } from "zod";
import { defineStage } from "${new URL("../../lib/pipeline/contract/stage.ts", import.meta.url)}";
export default defineStage({ name: "mine", description: "Does nothing.", with: z.strictObject({}),
  outputs: {}, run: () => Promise.resolve() });`;

Deno.test("what failed is listed at the end, and known to status, why and logs", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/my bad.yaml`, pipeline);
    const { code, out } = await tvp(folder, "run", "my bad.yaml", "--keep-going");
    assertEquals(code, 1);
    const end = out.slice(out.indexOf("\nFailed: ")).trimEnd().split("\n").slice(2);
    assertEquals(end.length, 4, out);
    assertEquals(end[0], "What failed:");
    assertMatch(end[1]!, /^ {2}my bad.yaml:4: a\[i=1\]: /);
    assertMatch(end[3]!, /^Their logs: deno run -A \S+ logs 'my bad.yaml'$/);
    const logs = (await tvp(folder, "logs", "my bad.yaml")).out;
    assertMatch(logs, /^── a\[i=1\]: .*\nhello\n── a\[i=2\]: .*\nhello\n$/);
    const status = (await tvp(folder, "status", "my bad.yaml")).out;
    assertStringIncludes(status, "✗  a   0/2 cached  2 failed\n");
    const why = (await tvp(folder, "why", "my bad.yaml", "a[i=1]")).out;
    assertMatch(why, /^a\[i=1\] will run\n {2}it failed in run \S+: .*\n$/);
    assertMatch((await tvp(folder, "runs")).out, /^pipeline +run +outcome +tasks +time +--set\n/);
  }));

Deno.test("to look at a pipeline makes no store, and a run that cannot be recorded does not begin", () =>
  inFolder(async (folder) => {
    const text = "name: demo\nstages: { a: { uses: noop } }\n";
    await Deno.writeTextFile(`${folder}/demo.yaml`, text);
    for (const command of [["plan"], ["status"], ["logs"], ["why", "a"], ["show", "a"]]) {
      const [name, ...rest] = command;
      await tvp(folder, name!, "demo.yaml", ...rest);
    }
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["demo.yaml"]);
    await Deno.mkdir(`${folder}/own`);
    await Deno.writeTextFile(`${folder}/own/mine.ts`, ownStage);
    const own = "name: own\nstageFolder: ./own\nstages: { a: { uses: mine } }\n";
    await Deno.writeTextFile(`${folder}/own.yaml`, own);
    const env = { HOME: folder, XDG_CONFIG_HOME: `${folder}/config` };
    await tvp(folder, "trust", "own.yaml", { env });
    assertMatch((await tvp(folder, "plan", "own.yaml", { env })).out, /^run +a /m);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assertEquals(names.includes(".tvp"), false, String(names));
    await Deno.writeTextFile(`${folder}/.tvp`, "");
    const { code, out, err } = await tvp(folder, "run", "demo.yaml", "--cache", "c");
    assertEquals([code, out], [2, ""]);
    assertMatch(err, /Cannot record the run in ".tvp\/runs\/demo": .*\n {2}= start it in a folder/);
  }));

Deno.test("a file that deno task looks for in the wrong folder is named from the right one", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/docs`);
    await Deno.writeTextFile(`${folder}/demo.yaml`, "name: demo\nstages: { a: { uses: noop } }\n");
    const env = { INIT_CWD: `${folder}/docs` };
    const { code, err } = await tvp(folder, "plan", "../demo.yaml", { env });
    assertEquals(code, 2);
    assertStringIncludes(
      err,
      `= did you mean "demo.yaml"? deno task looks from the folder of the project, ${folder}\n`,
    );
  }));

Deno.test("logs without a stage says where nothing failed, and which stages there are", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/demo.yaml`, "name: demo\nstages: { a: { uses: noop } }\n");
    const before = await tvp(folder, "logs", "demo.yaml");
    assertEquals(before.out, "Nothing has run yet; the stages are: a\n");
    await tvp(folder, "run", "demo.yaml");
    const after = await tvp(folder, "logs", "demo.yaml");
    assertEquals(after.out, "No task failed in the last run; the stages are: a\n");
  }));
