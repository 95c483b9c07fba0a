import { assertEquals } from "@std/assert";
import { RunLayout } from "../../lib/workspace/run_folder.ts";
import { latestRun, readRuns, recordRun } from "../../lib/workspace/run_record.ts";
import { runIds } from "../../lib/workspace/run_ids.ts";
import { RunMark, unfinishedRuns } from "../../lib/workspace/running.ts";
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

const run = { pipeline: "p", file: "p.yaml", set: [], startedAt: 1 } as const;

function recordMany(folder: string): void {
  for (let i = 0; i < 20; i++) {
    const id = `20260101T0000${10 + i}000Z-aaaa`;
    const record = { ...run, id, durationMs: 1, outcome: "done" } as const;
    recordRun(folder, record, { outcomes: [], layout: new RunLayout([]) });
  }
}

Deno.test("recordRun() leaves the folder of an older run that goes on, until it has ended", () =>
  withFolder((folder) => {
    const long = "20250101T000000000Z-bbbb";
    {
      using mark = new RunMark(folder, { ...run, id: long });
      mark.set();
      Deno.writeTextFileSync(`${folder}/${long}/report.html`, "");
      recordMany(folder);
      assertEquals(unfinishedRuns(folder).map(({ id, outcome }) => [id, outcome]), [
        [long, "running"],
      ]);
    }
    assertEquals(runIds(folder).includes(long), true);
    recordMany(folder);
    assertEquals([runIds(folder).includes(long), runIds(folder).length], [false, 20]);
    return Promise.resolve();
  }));

Deno.test("recordRun() leaves what another run removes at the same time", () =>
  withFolder((folder) => {
    const old = "20250101T000000000Z-bbbb";
    Deno.mkdirSync(`${folder}/${old}`);
    const { removeSync } = Deno;
    Deno.removeSync = (path, options) => {
      if (`${path}`.endsWith(old)) removeSync(path, options);
      removeSync(path, options);
    };
    try {
      recordMany(folder);
    } finally {
      Deno.removeSync = removeSync;
    }
    assertEquals(runIds(folder).length, 20);
    return Promise.resolve();
  }));
