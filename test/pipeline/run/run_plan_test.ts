import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import type { RunEvent } from "../../../lib/pipeline/contract/event.ts";
import type { HostFacts, Job } from "../../../lib/pipeline/contract/job.ts";
import type { Artifact } from "../../../lib/pipeline/contract/stage.ts";
import { isolationOf, type Task } from "../../../lib/pipeline/plan/plan.ts";
import type { FailureMode } from "../../../lib/pipeline/run/run.ts";
import { runPlan } from "../../../lib/pipeline/run/run_plan.ts";
import { memoryDigests, MemoryStore } from "../../rigs/memory_store.ts";
import { anyStage, finishRig, planText, rigResolver, startRig } from "../../rigs/pipeline_rig.ts";
import { PuppetExecutor } from "../../rigs/puppet.ts";

const fork = `
name: fork
stages:
  root: { uses: step }
  left: { uses: step, with: { after: "\${{ stages.root.value }}", side: left } }
  right: { uses: step, with: { after: "\${{ stages.root.value }}", side: right } }
  end:
    uses: step
    with: { after: ["\${{ stages.left.value }}", "\${{ stages.right.value }}"] }
`;

function states(outcomes: readonly { task: { id: string }; state: string }[]) {
  return Object.fromEntries(outcomes.map(({ task, state }) => [task.id, state]));
}

Deno.test("runTasks() starts a task when its needs are done, and two at once", async () => {
  const { executor, summary } = startRig(await planText(fork));
  const root = await executor.next();
  assertEquals(executor.started, ["root"]);
  root.succeed();
  const [left, right] = [await executor.next(), await executor.next()];
  assertEquals([left.job.task, right.job.task], ["left", "right"]);
  left.succeed();
  right.succeed();
  (await executor.next()).succeed();
  const { outcome, ran, cached } = await summary;
  assertEquals({ outcome, ran, cached }, { outcome: "done", ran: 4, cached: 0 });
});

Deno.test("runTasks() finds everything in the store the second time", async () => {
  const store = new MemoryStore();
  const plan = await planText(fork);
  await finishRig(plan, { store }).summary;
  const again = finishRig(plan, { store });
  const { cached, ran } = await again.summary;
  assertEquals({ cached, ran, started: again.executor.started }, {
    cached: 4,
    ran: 0,
    started: [],
  });
});

Deno.test("runTasks() runs a task again whose stored outputs are not all that it has", async () => {
  for (const damage of ["lacks", "mistypes"]) {
    const store = new MemoryStore();
    const plan = await planText(fork);
    await finishRig(plan, { store }).summary;
    for (const [key, hit] of store.tasks) {
      const [[name, output], ...rest] = Object.entries(hit.outputs) as [[string, Artifact]];
      const kept = damage === "lacks" ? [] : [[name, { ...output, type: "file" }]];
      if (hit.manifest.preimage.parameters === undefined) continue;
      store.tasks.set(key, { ...hit, outputs: Object.fromEntries([...kept, ...rest]) });
      break;
    }
    const { ran, cached, outcome } = await finishRig(plan, { store }).summary;
    assertEquals({ damage, ran, cached, outcome }, { damage, ran: 1, cached: 3, outcome: "done" });
  }
});

Deno.test("runTasks() stops at an equal result: what follows is cached", async () => {
  const store = new MemoryStore();
  store.fixedOutputs.set("other", "same whatever the parameters");
  const text = (size: number) => `
name: cut
stages:
  first: { uses: other, with: { size: ${size} } }
  second: { uses: step, with: { after: "\${{ stages.first.value }}" } }
`;
  await finishRig(await planText(text(1)), { store }).summary;
  const { outcomes } = await finishRig(await planText(text(2)), { store }).summary;
  assertEquals(states(outcomes), { first: "ran", second: "cached" });
});

Deno.test("runTasks() runs equal tasks once", async () => {
  const text = `
name: twins
stages:
  a: { uses: step, with: { size: 1 } }
  b: { uses: step, with: { size: 1 } }
  c: { uses: step, with: { size: 2 } }
`;
  const { executor, summary } = finishRig(await planText(text));
  assertEquals(states((await summary).outcomes), { a: "ran", b: "cached", c: "ran" });
  assertEquals(executor.started, ["a", "c"]);
});

const twoBranches = `
name: branches
stages:
  bad: { uses: step, with: { n: 1 } }
  good: { uses: step, with: { n: 2 } }
  afterbad: { uses: step, with: { x: "\${{ stages.bad.value }}" } }
  aftergood: { uses: step, with: { x: "\${{ stages.good.value }}" } }
`;

const failureCases: readonly {
  mode: FailureMode;
  states: Record<string, string>;
  outcome: string;
}[] = [
  {
    mode: "no-new",
    outcome: "failed",
    states: { bad: "failed", good: "ran", afterbad: "skipped", aftergood: "skipped" },
  },
  {
    mode: "continue",
    outcome: "failed",
    states: { bad: "failed", good: "ran", afterbad: "skipped", aftergood: "ran" },
  },
  {
    mode: "kill",
    outcome: "failed",
    states: { bad: "failed", good: "failed", afterbad: "skipped", aftergood: "skipped" },
  },
];

for (const { mode, states: expected, outcome } of failureCases) {
  Deno.test(`runTasks() in failure mode "${mode}"`, async () => {
    const { executor, summary } = startRig(await planText(twoBranches), { failureMode: mode });
    const [bad, good] = [await executor.next(), await executor.next()];
    bad.fail();
    await Promise.resolve();
    if (mode !== "kill") good.succeed();
    if (mode === "continue") (await executor.next()).succeed();
    const result = await summary;
    assertEquals(states(result.outcomes), expected);
    assertEquals(result.outcome, outcome);
  });
}

Deno.test("runTasks() aborts running tasks and says that it was interrupted", async () => {
  const stop = new AbortController();
  const { executor, summary } = startRig(await planText(fork), { signal: stop.signal });
  await executor.next();
  stop.abort(new DOMException("stop", "AbortError"));
  const { outcome, outcomes } = await summary;
  assertEquals(outcome, "interrupted");
  assertEquals(states(outcomes), {
    root: "failed",
    left: "skipped",
    right: "skipped",
    end: "skipped",
  });
});

Deno.test("runTasks() says of a task that is stopped whether its state is saved", async () => {
  for (const saved of [undefined, { bytes: 1, savedAt: 0 }]) {
    const store = Object.assign(new MemoryStore(), { checkpointOf: () => Promise.resolve(saved) });
    const stop = new AbortController();
    const plan = await planText("name: one\nstages: { a: { uses: step } }\n");
    const { executor, summary, events } = startRig(plan, { store, signal: stop.signal });
    await executor.next();
    stop.abort(new DOMException("stop", "AbortError"));
    await summary;
    const failed = events.find((event) => event.type === "task-failed");
    assertEquals(failed?.failure.saved, saved && true);
  }
});

Deno.test("runTasks() starts nothing when it is aborted before it begins", async () => {
  const signal = AbortSignal.abort(new DOMException("stop", "AbortError"));
  const { executor, summary } = startRig(await planText(fork), { signal });
  assertEquals([(await summary).outcome, executor.started], ["interrupted", []]);
});

Deno.test("runTasks() tries again as often as told, for the reasons told", async () => {
  const text = `
name: retry
stages:
  a: { uses: step, retries: { attempts: 2, backoff: 3, on: [crash] } }
`;
  const waits: number[] = [];
  const wait = (ms: number) => Promise.resolve(void waits.push(ms));
  const { executor, summary, events } = startRig(await planText(text), { wait });
  (await executor.next()).fail("crash");
  (await executor.next()).fail("crash");
  (await executor.next()).fail("error");
  assertEquals((await summary).outcome, "failed");
  assertEquals(waits, [3000, 6000]);
  const attempts = events.flatMap((event) => event.type === "task-started" ? [event.attempt] : []);
  assertEquals(attempts, [1, 2, 3]);
});

Deno.test("runTasks() waits no longer than an hour, unless told so", async () => {
  const retries = (backoff: string) => `retries: { attempts: 3, backoff: ${backoff}, on: [error] }`;
  const cases: [string, number[]][] = [["40m", [40, 60, 60]], ["2h", [120, 120, 120]]];
  for (const [backoff, expected] of cases) {
    const waits: number[] = [];
    const wait = (ms: number) => Promise.resolve(void waits.push(ms / 60_000));
    const plan = await planText(`name: r\nstages:\n  a: { uses: step, ${retries(backoff)} }\n`);
    await finishRig(plan, { wait, failing: () => true }).summary;
    assertEquals(waits, expected);
  }
});

Deno.test("isolationOf() keeps tasks with an environment out of the runner's process", async () => {
  const stage = { ...anyStage("step"), isolation: "inline" as const };
  const plan = await planText(
    "name: i\nstages:\n  a: { uses: step }\n  b: { uses: step, env: { MODE: fast } }\n",
    { stages: { names: ["step"], get: () => ({ stage, module: "file:///x.ts" }) } },
  );
  assertEquals(plan.tasks.map(isolationOf), ["inline", "worker"]);
});

Deno.test("runTasks() starts the task with the longest way to the end first", async () => {
  const text = `
name: path
stages:
  short: { uses: step, with: { n: 1 } }
  long: { uses: step, with: { n: 2 } }
  longer: { uses: step, with: { x: "\${{ stages.long.value }}" } }
`;
  const { executor, summary } = finishRig(await planText(text), { jobs: 1 });
  await summary;
  assertEquals(executor.started[0], "long");
});

const resourceCases = [
  { name: "two tasks of one thread on two cores", cpu: 1, cores: 2, together: 2 },
  { name: "one task of two threads on two cores", cpu: 2, cores: 2, together: 1 },
  { name: "a task that wants more than there is runs alone", cpu: 8, cores: 2, together: 1 },
  { name: "four tasks of one thread on four cores", cpu: 1, cores: 4, together: 4 },
];

for (const { name, cpu, cores, together } of resourceCases) {
  Deno.test(`runTasks() heeds resources: ${name}`, async () => {
    const text = `
name: load
stages:
  a: { uses: step, matrix: { i: [1, 2, 3, 4, 5, 6] }, with: { i: "\${{ matrix.i }}" }, resources: { cpu: ${cpu} } }
`;
    let most = 0;
    const executor = new PuppetExecutor((puppet) => {
      most = Math.max(most, executor.running.size);
      queueMicrotask(() => puppet.succeed());
    });
    const { summary } = startRig(await planText(text), {
      executor,
      capacity: { cpu: cores, gpu: 0 },
    });
    assertEquals((await summary).ran, 6);
    assertEquals(most, together);
  });
}

Deno.test("runTasks() lets another run finish an equal task and takes its result", async () => {
  const store = new MemoryStore();
  const plan = await planText("name: one\nstages: { a: { uses: step } }");
  const first = startRig(plan, { store });
  const job = await first.executor.next();
  const second = startRig(plan, { store });
  while (!second.events.some((event) => event.type === "task-waiting")) await Promise.resolve();
  job.succeed();
  assertEquals([(await first.summary).ran, (await second.summary).cached], [1, 1]);
  assertEquals(second.executor.started, []);
});

Deno.test("runTasks() queues a task again whose place is taken when another run leaves it undone", async () => {
  const store = new MemoryStore();
  const plan = await planText(
    "name: two\nstages: { a: { uses: step, with: { n: 1 } }, b: { uses: step, with: { n: 2 } } }",
  );
  const first = startRig(plan, { store, jobs: 1, selected: new Set([0]) });
  const left = await first.executor.next();
  const second = startRig(plan, { store, jobs: 1 });
  const b = await second.executor.next();
  assertEquals(b.job.task, "b");
  left.fail();
  assertEquals((await first.summary).failed, 1);
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  assertEquals(second.executor.started, ["b"]);
  b.succeed();
  (await second.executor.next()).succeed();
  assertEquals([(await second.summary).ran, second.executor.started], [2, ["b", "a"]]);
});

for (
  const [name, options] of [
    ["cards that are no number", { capacity: { cpu: 4, gpu: NaN } }],
    ["no jobs", { jobs: 0 }],
  ] as const
) {
  Deno.test(`runTasks() refuses to wait for room on a machine with ${name}`, async () => {
    const plan = await planText(
      "name: one\nstages: { a: { uses: step, resources: { cpu: 1, gpu: 1 } } }",
    );
    const { summary } = startRig(plan, options);
    await assertRejects(
      () => summary,
      RangeError,
      'Cannot run task "a": expected room for its 1 cores and 1 GPUs',
    );
  });
}

Deno.test("runTasks() runs what is forced, and what depends on its result", async () => {
  const store = new MemoryStore();
  const plan = await planText(fork);
  await finishRig(plan, { store }).summary;
  const { outcomes } = await finishRig(plan, { store, force: (task) => task.id === "left" })
    .summary;
  assertEquals(states(outcomes), { root: "cached", left: "ran", right: "cached", end: "cached" });
});

Deno.test("runTasks() throws what a broken store throws", async () => {
  const store = new MemoryStore();
  store.get = () => Promise.reject(new TypeError("no store"));
  const plan = await planText(fork);
  await assertRejects(() => finishRig(plan, { store }).summary, TypeError, "no store");
});

Deno.test("runPlan() gives the events of a run, from first to last", async () => {
  const executor = new PuppetExecutor((puppet) => {
    puppet.tell({ type: "log", line: "hello" });
    puppet.succeed();
  });
  const types: string[] = [];
  const plan = await planText("name: one\nstages: { a: { uses: step } }");
  const options = { store: new MemoryStore(), digests: memoryDigests(), resolver: rigResolver };
  for await (const event of runPlan(plan, { ...options, executor })) types.push(event.type);
  const expected = ["run-started", "task-started", "task-log", "task-finished", "run-finished"];
  assertEquals(types, expected);
});

Deno.test("runPlan() aborts the run where its events are not read to their end", async () => {
  const plan = await planText(fork);
  const executor = new PuppetExecutor();
  const options = {
    store: new MemoryStore(),
    digests: memoryDigests(),
    resolver: rigResolver,
    executor,
  };
  for await (const { type } of runPlan(plan, options)) if (type === "task-started") break;
  assertEquals([executor.started, executor.running.size], [["root"], 0]);
});

Deno.test("runTasks() keeps the beginning and the end of a long log, however a task ends", async () => {
  const executor = new PuppetExecutor((puppet) => {
    for (let line = 0; line < 200_000; line++) puppet.tell({ type: "log", line: `line ${line}` });
    if (puppet.job.task === "a") puppet.succeed();
    else puppet.fail();
  });
  const plan = await planText("name: two\nstages: { a: { uses: step }, b: { uses: other } }");
  const { outcomes } = await startRig(plan, { executor, failureMode: "continue" }).summary;
  const [ran, failed] = outcomes;
  const kept = (await ran?.hit?.log())?.trimEnd().split("\n") ?? [];
  assert(kept.length < 100_000);
  assertEquals([kept[0], kept.at(-1)], ["line 0", "line 199999"]);
  assertEquals(failed?.log, kept);
});

/** A random acyclic graph: each task needs some of those before it. */
const graphs = fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 12 });

function graphText(needs: readonly (readonly number[])[]): string {
  const stages = needs.map((own, index) => {
    const refs = index === 0 ? [] : own.map((need) => `"\${{ stages.t${need % index}.value }}"`);
    return `  t${index}: { uses: step, with: { index: ${index}, needs: [${refs.join(", ")}] } }\n`;
  });
  return `name: random\nstages:\n${stages.join("")}`;
}

const modes = fc.constantFrom<FailureMode>("no-new", "continue", "kill");

Deno.test("no task starts before its needs are done, under every failure mode", async () => {
  const scenario = fc.record({
    needs: graphs,
    mode: modes,
    failing: fc.uniqueArray(fc.nat(11), { maxLength: 3 }),
    jobs: fc.integer({ min: 1, max: 4 }),
    order: fc.infiniteStream(fc.nat(100)),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ needs, mode, failing, jobs, order }) => {
      const plan = await planText(graphText(needs));
      const executor = new PuppetExecutor((puppet) => {
        const settle = () =>
          failing.includes(Number(puppet.job.task.slice(1))) ? puppet.fail() : puppet.succeed();
        // Ends after a random number of turns, so that jobs overtake one another.
        let turns = order.next().value;
        const turn = () => turns-- > 0 ? queueMicrotask(turn) : settle();
        turn();
      });
      const { events, summary } = startRig(plan, { executor, jobs, failureMode: mode });
      const { outcomes } = await summary;
      checkOrder(events, plan.tasks);
      assertEquals(outcomes.length, plan.tasks.length);
      assertEquals(executor.running.size, 0);
    }),
    { numRuns: 100, seed: 7 },
  );
});

function checkOrder(
  events: readonly RunEvent[],
  tasks: readonly { id: string; needs: readonly number[] }[],
): void {
  const done = new Set<string>();
  const needs = new Map(tasks.map((task) => [task.id, task.needs.map((need) => tasks[need]!.id)]));
  for (const event of events) {
    if (event.type === "task-finished" || event.type === "task-cached") done.add(event.task);
    if (event.type !== "task-started") continue;
    for (const need of needs.get(event.task)!) {
      assert(done.has(need), `${event.task} before ${need}`);
    }
  }
}

Deno.test("runTasks() prepares once before the first task, and not where all is cached", async () => {
  const store = new MemoryStore();
  const plan = await planText(fork);
  let prepared = 0;
  const prepare = () => Promise.resolve(void prepared++);
  await finishRig(plan, { store, prepare }).summary;
  assertEquals(prepared, 1);
  await finishRig(plan, { store, prepare }).summary;
  assertEquals(prepared, 1);
});

Deno.test("runTasks() prepares for the tasks that are not in the store", async () => {
  const store = new MemoryStore();
  const two = (n: number) => `
name: pair
stages:
  a: { uses: step, with: { n: 1 } }
  b: { uses: step, with: { n: ${n}, after: "\${{ stages.a.value }}" } }
`;
  await finishRig(await planText(two(1)), { store }).summary;
  const left: string[] = [];
  const prepare = (tasks: readonly Task[]) => Promise.resolve(void left.push(...tasks.map(idOf)));
  await finishRig(await planText(two(2)), { store, prepare }).summary;
  assertEquals(left, ["b"]);
});

const idOf = ({ id }: Task) => id;

Deno.test("runTasks() starts nothing where preparing fails", async () => {
  const plan = await planText(`
name: pair
stages:
  a: { uses: step, with: { n: 1 } }
  b: { uses: step, with: { n: 2 } }
`);
  const prepare = () => Promise.reject(new DiagnosticError([]));
  const run = finishRig(plan, { prepare });
  await assertRejects(() => run.summary, DiagnosticError);
  assertEquals(run.executor.started, []);
});

Deno.test("runTasks() tells a stage on what its inputs were computed, in no key", async () => {
  const plan = await planText(fork);
  const jobs = async (host: HostFacts) => {
    const executor = new PuppetExecutor((puppet) => puppet.succeed(host));
    const found: Job[] = [];
    const submit = executor.submit.bind(executor);
    executor.submit = (job, options) => {
      found.push(job);
      return submit(job, options);
    };
    await startRig(plan, { executor }).summary;
    return found;
  };
  const [, gpu] = await jobs({ provider: "cuda", versions: {} });
  const [, none] = await jobs({ versions: {} });
  const provider = (job: Job) =>
    (job.parameters as { after: { provider?: string } }).after.provider;
  assertEquals([provider(gpu!), provider(none!)], ["cuda", undefined]);
  assertEquals(gpu!.key, none!.key);
});

Deno.test("runTasks() has the provider in its keys if told to", async () => {
  const store = new MemoryStore();
  const plan = await planText(fork);
  const run = async (provider: "cpu" | "cuda", strictProvider: boolean) =>
    (await finishRig(plan, { store, provider, strictProvider }).summary).ran;
  assertEquals([await run("cpu", false), await run("cuda", false)], [4, 0]);
  assertEquals([await run("cpu", true), await run("cuda", true), await run("cuda", true)], [
    4,
    4,
    0,
  ]);
});
