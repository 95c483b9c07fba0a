import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { otherSettings, otherSettingsNote } from "../../lib/cli/last_settings.ts";
import { inFolder, tvp } from "./workplace.ts";

const settings: readonly (readonly [had: string[] | undefined, given: string[], said?: string])[] =
  [
    [undefined, ["vars.x=1"]],
    [[], []],
    [["vars.x=1", "vars.y=2"], ["vars.y=2", "vars.x=1"]],
    [["vars.x=[1, 2]"], [], "--set 'vars.x=[1, 2]'"],
    [["vars.x=1"], ["vars.x=2"], "--set vars.x=1"],
    [[], ["vars.x=2"], "no --set"],
  ];

Deno.test("otherSettings() tells what a run had set where it is not what is given", () => {
  for (const [set, given, said] of settings) {
    const run = set === undefined ? {} : { set };
    assertEquals(otherSettings(run, given), said);
    const note = otherSettingsNote(run, given);
    assertEquals(
      note?.startsWith(`The last run had ${said}; `),
      said === undefined ? undefined : true,
    );
  }
});

const pipeline = `name: zed
vars: { x: 1 }
stages:
  a:
    uses: command
    with: { run: [sh, -c, "echo hello; exit \${{ vars.x }}"], outputs: { t: text } }
  b: { uses: noop, with: { v: 1 } }
`;

Deno.test("commands about past runs name the run that they are about, and what it had set", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/p.yaml`, pipeline);
    await Deno.writeTextFile(`${folder}/q.yaml`, "name: abc\nstages: { a: { uses: noop } }\n");
    const none = await tvp(folder, "diff", "latest", "latest");
    assertStringIncludes(none.err, 'run "latest": nothing has run in this folder\n');
    await tvp(folder, "run", "q.yaml");
    await tvp(folder, "run", "p.yaml", "--target", "a", "--set", "vars.x=2");

    const logs = await tvp(folder, "logs", "p.yaml");
    assertMatch(logs.out, /^The last run, \S+, had --set vars.x=2:\n── a: .* 2\b.*\nhello\n$/);
    const other = await tvp(folder, "logs", "p.yaml", "a");
    const note = "The last run had --set vars.x=2; add it to see what that run gave\n";
    assertEquals(other.out, `── a: has not run\n${note}`);
    const same = await tvp(folder, "logs", "p.yaml", "a", "--set", "vars.x=2");
    assertMatch(same.out, /^── a: .*\nhello\n$/);
    const show = await tvp(folder, "show", "p.yaml", "a");
    assertEquals([show.code, show.out], [1, `a: not in the store\n${note}`]);
    assertMatch((await tvp(folder, "status", "p.yaml")).out, /, failed, with --set vars.x=2\n$/);

    const runs = (await tvp(folder, "runs")).out.split("\n").slice(1).map((line) =>
      line.slice(0, 3)
    );
    assertEquals(runs, ["zed", "abc", ""]);
    const back = await tvp(folder, "diff", "latest~1", "latest");
    assertStringIncludes(back.err, ": zed, the pipeline of the last run, has 1 run\n");
    assertStringIncludes(back.err, "PIPELINE/latest~1");
    const named = await tvp(folder, "diff", "abc/latest", "zed/latest");
    assertEquals(named.code, 0, named.err);
    const wrong = await tvp(folder, "diff", "abd/latest", "zed/latest");
    assertStringIncludes(wrong.err, 'run "abd/latest": abd has no runs\n');

    const why = async (...args: string[]) => (await tvp(folder, "why", ...args)).out;
    assertEquals(await why("p.yaml", "b"), "b will run\n  it has never run here\n");
    assertEquals(await why("p.yaml", "a"), "a will run\n  it has never run to its end here\n");
    assertEquals(await why("q.yaml", "a"), "a is cached\n");
    await Deno.remove(`${folder}/.tvp/cache`, { recursive: true });
    assertEquals(
      await why("q.yaml", "a"),
      "a will run\n  its earlier results are not in the store any more\n",
    );
  }));
