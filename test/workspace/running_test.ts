import { assertEquals, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { newRunId } from "../../lib/workspace/run_ids.ts";
import { RunMark, unfinishedRuns } from "../../lib/workspace/running.ts";
import { withFolder } from "../cache/rig.ts";

const run = { pipeline: "demo", file: "demo.yaml", set: ["vars.x=1"], startedAt: 5 };

Deno.test("a run is listed while it goes on, and leaves nothing if nothing was recorded", () =>
  withFolder((folder) => {
    const id = newRunId(run.startedAt);
    {
      using mark = new RunMark(folder, { id, ...run });
      assertEquals(unfinishedRuns(folder), []);
      mark.set();
      assertEquals(unfinishedRuns(folder), [{ id, ...run, outcome: "running" }]);
    }
    assertEquals([...Deno.readDirSync(folder)], []);
    return Promise.resolve();
  }));

Deno.test("what a run recorded stays when its mark goes", () =>
  withFolder((folder) => {
    {
      using mark = new RunMark(folder, { id: "1-a", ...run });
      mark.set();
      Deno.writeTextFileSync(`${folder}/1-a/run.json`, "{}");
    }
    assertEquals([...Deno.readDirSync(`${folder}/1-a`)].map(({ name }) => name), ["run.json"]);
    return Promise.resolve();
  }));

Deno.test("a mark that nobody holds is of a run that was killed; a damaged one is none", () =>
  withFolder((folder) => {
    for (const [id, text] of [["1-a", JSON.stringify({ id: "1-a", ...run })], ["2-b", "{"]]) {
      Deno.mkdirSync(`${folder}/${id}`);
      Deno.writeTextFileSync(`${folder}/${id}/running.json`, text!);
    }
    assertEquals(unfinishedRuns(folder), [{ id: "1-a", ...run, outcome: "killed" }]);
    return Promise.resolve();
  }));

Deno.test("a mark that is a pipe is none, and is not waited for", () =>
  withFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/1-a`);
    const args = [`${folder}/1-a/running.json`];
    await new Deno.Command("mkfifo", { args }).output();
    assertEquals(unfinishedRuns(folder), []);
  }));

Deno.test("a run that cannot be recorded says so before it begins", () =>
  withFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/runs`, "");
    using mark = new RunMark(`${folder}/runs`, { id: "1-a", ...run });
    const error = assertThrows(() => mark.set(), DiagnosticError);
    assertEquals(error.diagnostics.map(({ code, notes }) => [code, notes]), [[
      "runs-unwritable",
      ["start it in a folder that you may write to; --cache DIR moves only the cache"],
    ]]);
    return Promise.resolve();
  }));
