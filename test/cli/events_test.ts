import { assertEquals } from "@std/assert";
import { z } from "zod";
import type { RunEvent } from "../../lib/pipeline/contract/event.ts";
import { runEvent } from "../../lib/pipeline/contract/event_schema.ts";
import { inFolder, tvp } from "./workplace.ts";

const programs = new URL("../rigs/fake_slurm_bin", import.meta.url).pathname;

const text = `name: events
stages:
  good:
    uses: command
    with: { run: [sh, -c, "echo hello; echo x > {outputs.out}"], outputs: { out: text } }
  bad:
    uses: command
    retries: { attempts: 1, backoff: 10ms, on: [error] }
    with: { run: [sh, -c, "exit 3"], outputs: { out: text } }
  after: { uses: noop, with: { x: "\${{ stages.bad.out }}" } }
`;

Deno.test("every line of --json is an event of tvp schema --events", async () => {
  await inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/p.yaml`, text);
    Deno.mkdirSync(`${folder}/slurm`);
    const env = { FAKE_SLURM: `${folder}/slurm`, PATH: `${programs}:${Deno.env.get("PATH")}` };
    const schema = z.fromJSONSchema(JSON.parse((await tvp(folder, "schema", "--events")).out));
    const run = async (...args: string[]) => {
      const { out } = await tvp(folder, "run", "p.yaml", "--json", ...args, { env });
      return out.trimEnd().split("\n").map((line) => schema.parse(JSON.parse(line)) as RunEvent);
    };
    const events = [
      ...await run("--keep-going", "--target", "good", "--executor", "slurm"),
      ...await run("--keep-going"),
    ];
    assertEquals([...new Set(events.map(({ type }) => type))].sort(), [
      "run-finished",
      "run-started",
      "task-cached",
      "task-failed",
      "task-finished",
      "task-log",
      "task-queue",
      "task-retrying",
      "task-skipped",
      "task-started",
    ]);
  });
});

Deno.test("the schema of events takes what it should, and names what it should not", () => {
  const key = "a".repeat(64);
  const task = { task: "a[seed=0]", stage: "a" };
  const diagnostic = {
    code: "disk-full",
    severity: "warning",
    message: "Cannot store",
    location: { path: "p.yaml", line: 1, column: 2, offset: 1, length: 3 },
    notes: ["free space"],
  };
  const good: unknown[] = [
    { type: "task-waiting", ...task, key },
    { type: "task-resumed", ...task },
    { type: "task-checkpoint", ...task, bytes: 0 },
    { type: "task-progress", ...task, progress: { done: 1, total: 2, unit: "steps" } },
    {
      type: "task-progress",
      ...task,
      progress: { done: 1.5, total: 2, unit: "steps", metrics: { loss: -0.5 } },
    },
    { type: "warning", diagnostic },
    {
      type: "task-failed",
      ...task,
      failure: {
        ok: false,
        durationMs: 1,
        reason: "error",
        message: "x",
        diagnostics: [diagnostic],
      },
    },
  ];
  for (const event of good) assertEquals(runEvent.parse(event) as unknown, event);
  const bad: unknown[] = [
    {},
    { type: "task-resumed" },
    { type: "task-resumed", ...task, extra: 1 },
    { type: "task-waiting", ...task, key: "short" },
    { type: "task-failed", ...task, failure: { ok: true } },
    { type: "no-such-event" },
  ];
  for (const event of bad) assertEquals(runEvent.safeParse(event).success, false);
});
