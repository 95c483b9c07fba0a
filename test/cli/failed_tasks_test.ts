import { assertEquals } from "@std/assert";
import { failedTaskLines } from "../../lib/cli/failed_tasks.ts";
import { planText } from "../rigs/pipeline_rig.ts";

const failure = { ok: false, durationMs: 0, reason: "error", message: "it broke" } as const;

Deno.test("failedTaskLines() points to logs only where a task has logged something", async () => {
  const plan = await planText("name: p\nstages:\n  a: { uses: step }\n");
  const task = plan.tasks[0]!;
  for (const log of [undefined, [], ["hello"]]) {
    const outcome = { task, state: "failed", failure, ...(log ? { log } : {}) } as const;
    const lines = failedTaskLines({ file: "p.yaml", set: ["vars.n=1"] }, plan, [outcome]);
    assertEquals(lines, [
      "What failed:",
      "  rig.yaml:3: a: it broke",
      ...(log?.length ? ["Their logs: deno task tvp logs p.yaml --set vars.n=1"] : []),
    ]);
  }
});
