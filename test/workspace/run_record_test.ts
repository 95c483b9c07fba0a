import { assertEquals } from "@std/assert";
import { RunLayout } from "../../lib/workspace/run_folder.ts";
import { latestRun, readRuns, recordRun } from "../../lib/workspace/run_record.ts";
import { withFolder } from "../cache/rig.ts";

Deno.test("recordRun() keeps the newest runs, and the one that took longer than all of them", () =>
  withFolder((folder) => {
    const run = { pipeline: "p", file: "p.yaml", set: [], startedAt: 1, durationMs: 1 } as const;
    const result = { outcomes: [], layout: new RunLayout([]) };
    const record = (id: string) => recordRun(folder, { id, ...run, outcome: "done" }, result);
    const later = Array.from({ length: 21 }, (_, i) => `20260101T0000${10 + i}000Z-aaaa`);
    later.forEach(record);
    const long = "20251231T235959000Z-bbbb";
    record(long);
    assertEquals(latestRun(folder)?.id, long);
    assertEquals(readRuns(folder).map(({ id }) => id), [...later.slice(2).reverse(), long]);
    return Promise.resolve();
  }));
