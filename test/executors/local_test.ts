import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { localExecutor, type LocalExecutorOptions } from "../../lib/executors/local.ts";
import type { Executor } from "../../lib/pipeline/contract/executor.ts";
import type { Job, JobEvent, JobResult } from "../../lib/pipeline/contract/job.ts";
import { keyOf, withFolder } from "../cache/rig.ts";
import { type ActName, records } from "./stages/puppet.ts";

interface Rig {
  readonly executor: Executor;
  readonly folder: string;
  run(act: ActName, changes?: Partial<Job>): Promise<Ran>;
  start(act: ActName, changes?: Partial<Job>): Running;
}

interface Ran {
  readonly result: JobResult;
  readonly events: readonly JobEvent[];
  readonly value: string | undefined;
}

interface Running {
  readonly controller: AbortController;
  /** When the stage has logged its first line. */
  readonly logged: Promise<void>;
  readonly ran: Promise<Ran>;
}

function withRig(
  use: (rig: Rig) => Promise<void>,
  options: LocalExecutorOptions = {},
): () => Promise<void> {
  return () =>
    withFolder(async (folder) => {
      await using executor = localExecutor(options);
      let serial = 0;
      const start = (act: ActName, changes: Partial<Job> = {}): Running => {
        const job = { ...jobOf(act, folder, serial++), ...changes };
        return submit(executor, job);
      };
      await use({ executor, folder, start, run: (act, changes) => start(act, changes).ran });
    });
}

function jobOf(act: ActName, folder: string, serial: number): Job {
  return {
    task: `${act}[n=${serial}]`,
    key: keyOf(act),
    stage: "puppet",
    module: new URL("./stages/puppet.ts", import.meta.url).href,
    isolation: "worker",
    permissions: ["all"],
    places: { read: [], models: [], write: [] },
    parameters: { act },
    outputs: { value: join(folder, `value-${serial}`) },
    checkpoint: join(folder, "checkpoint"),
    checkpointIntervalMs: 1e9,
    scratch: folder,
    provider: "cpu",
    resources: { cpu: 1, gpu: 0 },
    environment: {},
  };
}

function submit(executor: Executor, job: Job): Running {
  const controller = new AbortController();
  const logged = Promise.withResolvers<void>();
  const events: JobEvent[] = [];
  const onEvent = (event: JobEvent) => {
    events.push(event);
    if (event.type === "log") logged.resolve();
  };
  const ran = executor.submit(job, { signal: controller.signal, onEvent })
    .then((result) => ({ result, events, value: readValue(job) }));
  return { controller, logged: logged.promise, ran };
}

function readValue(job: Job): string | undefined {
  try {
    return Deno.readTextFileSync(job.outputs["value"] ?? "");
  } catch {
    return undefined;
  }
}

function logOf({ events }: Ran): readonly string[] {
  return events.flatMap((event) => event.type === "log" ? [event.line] : []);
}

for (const isolation of ["worker", "fresh", "inline"] as const) {
  Deno.test(
    `localExecutor() runs a stage (${isolation}) and says how it went`,
    withRig(async (rig) => {
      const done = await rig.run("write", { isolation });
      assertEquals(done.value, "hello");
      assert(done.result.ok && done.result.host.versions["deno"] === Deno.version.deno);
      const thrown = (await rig.run("throw", { isolation })).result;
      assert(!thrown.ok);
      assertEquals([thrown.reason, thrown.message], ["error", "Cannot add a cat to a dog"]);
      assert(thrown.stack?.includes("puppet.ts"));
    }),
  );
}

Deno.test(
  "localExecutor() keeps a worker warm for the next job",
  withRig(async (rig) => {
    const [first, second] = [await rig.run("pid"), await rig.run("pid")];
    assert(first.value !== undefined);
    assertEquals(first.value, second.value);
    assert(first.value !== `${Deno.pid}`);
  }),
);

Deno.test(
  "localExecutor() gives a fresh process to who wants one, and to nobody after it",
  withRig(async (rig) => {
    const warm = await rig.run("pid");
    const fresh = await rig.run("pid", { isolation: "fresh" });
    const pids = [warm, fresh, await rig.run("pid")].map(({ value }) => value);
    assertEquals(pids[2], pids[0]);
    assert(pids[1] !== undefined && pids[1] !== pids[0]);
  }),
);

Deno.test(
  "localExecutor() runs jobs at once in workers of their own",
  withRig(async (rig) => {
    const [first, second] = await Promise.all([rig.run("pid"), rig.run("pid")]);
    assert(first.value !== second.value);
  }),
);

Deno.test(
  "localExecutor() sets a job's environment for that job alone",
  withRig(async (rig) => {
    assertEquals((await rig.run("environment", { environment: { TVP_TEST: "1" } })).value, "1");
    assertEquals((await rig.run("environment")).value, "unset");
  }),
);

Deno.test(
  "localExecutor() logs what a stage prints",
  withRig(async (rig) => {
    const log = logOf(await rig.run("print"));
    const lines = ["to standard output", "to standard error", "without an end", "to the log"];
    assertEquals([...log].sort(), [...lines].sort());
  }),
);

Deno.test(
  "localExecutor() logs what only looks like a message",
  withRig(async (rig) => {
    const ran = await rig.run("print_records");
    assert(ran.result.ok, JSON.stringify(ran.result));
    assertEquals([...logOf(ran)].sort(), [...records, ...records, "\x1e{"].sort());
  }),
);

Deno.test(
  "localExecutor() fails one job alone that cannot be followed",
  withRig(async (rig) => {
    const onEvent = () => {
      throw new RangeError("too long");
    };
    const [result, other] = await Promise.all([
      rig.executor.submit(jobOf("ignore_abort", rig.folder, 9), {
        signal: new AbortController().signal,
        onEvent,
      }),
      rig.run("write"),
    ]);
    assert(!result.ok);
    assertEquals([result.reason, other.value], ["crash", "hello"]);
    assertEquals(result.diagnostics?.[0]?.notes?.[0], "What it printed cannot be read: too long");
  }),
);

Deno.test(
  "localExecutor() tells the last progress but not all of it",
  withRig(async (rig) => {
    const { events } = await rig.run("count");
    const last = events.at(-1);
    assert(last?.type === "progress" && last.progress.done === 1000);
    assert(events.length < 500, `${events.length} events`);
  }),
);

Deno.test(
  "localExecutor() keeps the diagnostics of a stage, and names a full disk",
  withRig(async (rig) => {
    const cases: readonly [ActName, string][] = [["diagnose", "no-cat"], ["full", "disk-full"]];
    for (const [act, code] of cases) {
      const { result } = await rig.run(act);
      assert(!result.ok);
      assertEquals([act, result.reason, result.diagnostics?.[0]?.code], [act, "error", code]);
    }
    const { result } = await rig.run("undeclared");
    assert(!result.ok);
    assertEquals(
      result.message,
      'Cannot write output "other": stage "puppet" declares "value"',
    );
  }),
);

const CRASHES: readonly [ActName, string, string][] = [
  ["native_abort", "signal SIGABRT", "about to fall"],
  ["exit", "exit code 7", "It logged nothing"],
  ["reject_later", "exit code 1", "nobody caught this"],
];

for (const [act, how, note] of CRASHES) {
  Deno.test(
    `localExecutor() fails one job alone when its process ends: ${act}`,
    withRig(async (rig) => {
      const [{ result }, other] = await Promise.all([rig.run(act), rig.run("write")]);
      assert(!result.ok);
      assertEquals(result.reason, "crash");
      assert(result.message.endsWith(`its process ended with ${how}`), result.message);
      assert(result.diagnostics?.[0]?.notes?.join("\n").includes(note));
      assertEquals(other.value, "hello");
      assertEquals((await rig.run("write")).value, "hello");
    }),
  );
}

Deno.test(
  "localExecutor() lets an aborted stage save its state, and gives it to the next run",
  withRig(async (rig) => {
    const running = rig.start("resume");
    await running.logged;
    running.controller.abort();
    const { result, events } = await running.ran;
    assert(!result.ok && result.reason === "cancelled");
    assertEquals(events.at(-1)?.type, "checkpoint");
    const again = await rig.run("resume");
    assertEquals([again.value, again.events[0]?.type], ["saved state", "resumed"]);
  }),
);

Deno.test(
  "localExecutor() does not use a state saved with other threads, and says so",
  withRig(async (rig) => {
    const first = rig.start("resume");
    await first.logged;
    first.controller.abort();
    await first.ran;
    const second = rig.start("resume", { resources: { cpu: 2, gpu: 0 } });
    await second.logged;
    second.controller.abort();
    assertEquals(logOf(await second.ran), [
      'Starts from the beginning: the checkpoint was saved with threads "1", this run has "2"',
      "ready",
    ]);
  }),
);

Deno.test(
  "localExecutor() kills a stage that does not stop",
  withRig(async (rig) => {
    const running = rig.start("ignore_abort");
    await running.logged;
    running.controller.abort();
    const { result } = await running.ran;
    assert(!result.ok && result.reason === "cancelled", JSON.stringify(result));
  }, { graceMs: 0 }),
);

Deno.test(
  "localExecutor() ends a stage whose time is over",
  withRig(async (rig) => {
    const timed = await rig.run("resume", { timeoutMs: 1 });
    assert(!timed.result.ok);
    assertEquals(timed.result.reason, "timeout");
    const killed = await rig.run("ignore_abort", { timeoutMs: 1 });
    assert(!killed.result.ok);
    assertEquals(killed.result.reason, "timeout");
  }, { graceMs: 100 }),
);

Deno.test(
  "localExecutor() leaves it to the runner what an interrupt means",
  withRig(async (rig) => {
    assertEquals((await rig.run("interrupt_self")).value, "survived");
  }),
);

Deno.test(
  "localExecutor() does not start a job after an abort",
  withRig(async (rig) => {
    const running = rig.start("write");
    running.controller.abort();
    const other = new AbortController();
    other.abort();
    await running.ran;
    const job = jobOf("write", rig.folder, 9);
    const result = await rig.executor.submit(job, { signal: other.signal, onEvent: () => {} });
    assert(!result.ok && result.reason === "cancelled");
  }),
);

Deno.test(
  "localExecutor() tells on what the models of a stage ran",
  withRig(async ({ run }) => {
    const { result } = await run("compute");
    assert(result.ok);
    assertEquals(result.host.provider, "cpu and webgpu");
    assertEquals(result.host.plan, "4 of 4 images at once, then 2 of 4 images at once");
    assertEquals(result.host.versions.onnxruntime, "1.2.3");
    const { result: other } = await run("write");
    assert(other.ok);
    assertEquals([other.host.provider, other.host.versions.onnxruntime], [undefined, undefined]);
  }),
);
