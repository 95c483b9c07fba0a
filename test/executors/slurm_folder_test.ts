import { assertEquals } from "@std/assert";
import { sweepJobs, TaskFolder } from "../../lib/executors/slurm_folder.ts";
import type { JobEvent } from "../../lib/pipeline/contract/job.ts";
import { withFolder } from "../cache/rig.ts";

Deno.test("sweepJobs() removes what is old, and nothing else", async () => {
  await withFolder((folder) => {
    sweepJobs(folder, 1000);
    for (const name of ["batches/old", "batches/new", "tasks/old"]) {
      Deno.mkdirSync(`${folder}/${name}`, { recursive: true });
      const time = new Date(name.endsWith("old") ? 0 : Date.now());
      Deno.utimeSync(`${folder}/${name}`, time, time);
    }
    sweepJobs(folder, 60_000);
    const left = (name: string) => [...Deno.readDirSync(`${folder}/${name}`)].map((e) => e.name);
    assertEquals([left("batches"), left("tasks")], [["new"], []]);
    return Promise.resolve();
  });
});

Deno.test("newEvents() waits for the end of a line, and passes over what is broken", async () => {
  await withFolder((path) => {
    const folder = new TaskFolder(path);
    using file = folder.openEvents();
    const write = (text: string) => file.writeSync(new TextEncoder().encode(text));
    const log = (line: string): JobEvent => ({ type: "log", line });
    assertEquals(folder.newEvents(), []);
    write(`${JSON.stringify(log("grün"))}\n{"type":"lo`);
    assertEquals(folder.newEvents(), [log("grün")]);
    assertEquals(folder.newEvents(), []);
    write(`g","line":"two"}\nhalf a line of a killed job\n${JSON.stringify(log("three"))}\n`);
    assertEquals(folder.newEvents(), [log("two"), log("three")]);
    return Promise.resolve();
  });
});
