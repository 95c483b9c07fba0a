import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { killRuns, startRun } from "../rigs/kill_runs.ts";
import { withFolder } from "./rig.ts";

Deno.test("a run that was killed again and again ends as an undisturbed one", () =>
  withFolder(async (folder) => {
    const intervalMs = 50;
    const report = await killRuns({ folder, kills: 8, seed: 1, intervalMs });
    assertEquals(report.final.outputs, report.reference.outputs);
    assertEquals([report.final.outcome, report.final.warnings], ["done", []]);
    assertEquals(report.leftovers, []);
    assert(report.worstLostMs <= intervalMs + 20, `${report.worstLostMs} ms were lost`);
  }));

Deno.test("two runs at once on one store do every task once", () =>
  withFolder(async (folder) => {
    const store = join(folder, "store");
    const logs = ["a", "b"].map((name) => join(folder, name));
    const reports = await Promise.all(
      logs.map((log) => startRun(store, { log, intervalMs: 50 }).report),
    );
    const [first, second] = reports;
    assert(first !== undefined && second !== undefined);
    assertEquals(first.outputs, second.outputs);
    assertEquals(first.ran + second.ran, 5);
    assertEquals(first.cached + second.cached, 5);
    const steps = logs.flatMap((log) => readLines(log).map((line) => line.replace(/ \d+$/, "")));
    assertEquals(steps.length, new Set(steps).size);
  }));

function readLines(path: string): readonly string[] {
  try {
    return Deno.readTextFileSync(path).trimEnd().split("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
