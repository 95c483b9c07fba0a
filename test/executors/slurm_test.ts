import { assert, assertEquals } from "@std/assert";
import { slurmExecutor } from "../../lib/executors/slurm.ts";
import type { Executor } from "../../lib/pipeline/contract/executor.ts";
import type { Job, JobEvent, JobFailure, JobResult } from "../../lib/pipeline/contract/job.ts";
import type { Key } from "../../lib/pipeline/contract/key.ts";
import { FakeSlurm } from "../rigs/fake_slurm.ts";

/** A place for jobs, gone at the end of a test. */
class Cluster implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync();
  readonly slurm = new FakeSlurm();
  readonly events: JobEvent[] = [];
  readonly stop = new AbortController();
  readonly #executors: Executor[] = [];
  #alive = { yes: true };
  #executor = this.#newRunner();

  #newRunner(): Executor {
    const { means } = this.slurm;
    const alive = { yes: true };
    this.#alive = alive;
    const wait = (ms: number) => alive.yes ? means.wait(ms) : new Promise<never>(() => {});
    const options = { folder: `${this.folder}/slurm`, means: { ...means, wait } };
    const executor = slurmExecutor(options);
    this.#executors.push(executor);
    return executor;
  }

  /** The runner dies, and somebody starts another one on the same store. */
  replaceRunner(): void {
    this.#alive.yes = false;
    this.#executor = this.#newRunner();
  }

  job(task: string, more: Partial<Job> = {}): Job {
    Deno.mkdirSync(`${this.folder}/work/${task}`, { recursive: true });
    return {
      task,
      key: `key-of-${task}` as Key,
      stage: "step",
      module: "file:///none.ts",
      isolation: "worker",
      permissions: ["all"],
      places: { read: [], models: [], write: [] },
      parameters: {},
      outputs: { value: `${this.folder}/work/${task}/value` },
      checkpoint: `${this.folder}/checkpoint`,
      checkpointIntervalMs: 5000,
      scratch: this.folder,
      provider: "auto",
      resources: { cpu: 2, gpu: 0 },
      environment: {},
      ...more,
    };
  }

  submit(job: Job): Promise<JobResult> {
    const { signal } = this.stop;
    return this.#executor.submit(job, { signal, onEvent: (event) => this.events.push(event) });
  }

  /** Names below the folder of the executor. */
  left(): string[] {
    const names = (path: string) => [...Deno.readDirSync(path)].map((entry) => entry.name);
    return ["tasks", "batches"].flatMap((name) => names(`${this.folder}/slurm/${name}`));
  }

  logs(): string[] {
    return this.events.flatMap((event) => event.type === "log" ? [event.line] : []);
  }

  queue(): unknown[] {
    return this.events.flatMap((event) => event.type === "queue" ? [event.queue] : []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const executor of this.#executors) await executor[Symbol.asyncDispose]();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

const checkpoint: JobEvent = { type: "checkpoint", bytes: 9 };

function failed(reason: JobFailure["reason"], message = "it broke"): JobFailure {
  return { ok: false, durationMs: 1, reason, message };
}

function textOf(result: JobResult, folder: string): string[] {
  const { message, diagnostics = [] } = result as JobFailure;
  return [message, ...diagnostics[0]?.notes ?? []]
    .map((line) => line.replaceAll(folder, "DIR").replace(/step-[0-9a-f]{8}/g, "step-BATCH"));
}

Deno.test("slurmExecutor() submits, tells, and brings the outputs home", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  const job = cluster.job("a");
  const result = cluster.submit(job);
  const [id] = await slurm.submitted(1);
  slurm.start(id!);
  slurm.tell(id!, { type: "log", line: "hello" }, {
    type: "progress",
    progress: { done: 1, total: 2, unit: "steps" },
  }, { type: "progress", progress: { done: 2, total: 2, unit: "steps" } });
  slurm.leave(id!);
  assertEquals(await result, { ok: true, durationMs: 5, host: { versions: {} } });
  assertEquals(Deno.readTextFileSync(job.outputs.value!), "value of a");
  assertEquals(cluster.events.filter(({ type }) => type !== "queue"), [
    { type: "log", line: "hello" },
    { type: "progress", progress: { done: 2, total: 2, unit: "steps" } },
  ]);
  assertEquals(cluster.left(), []);
});

Deno.test("slurmExecutor() submits what asks for the same as one array", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  slurm.onSubmit = (ids) => queueMicrotask(() => ids.forEach((id) => slurm.leave(id)));
  const big = { resources: { cpu: 8, gpu: 1, memoryBytes: 2 ** 34, timeMs: 7_200_000 } };
  const jobs = [cluster.job("a"), cluster.job("b"), cluster.job("c"), cluster.job("d", big)];
  const results = await Promise.all(jobs.map((job) => cluster.submit(job)));
  assert(results.every((result) => result.ok));
  assertEquals(
    jobs.map((job) => Deno.readTextFileSync(job.outputs.value!)),
    ["value of a", "value of b", "value of c", "value of d"],
  );
  const folder = `${cluster.folder}/slurm/batches/`;
  const calls = slurm.callsOf("sbatch").map((call) =>
    call.replaceAll(folder, "").replaceAll(/step-[0-9a-f]{8}/g, "step-BATCH")
  );
  assertEquals(calls, [
    "sbatch --parsable --job-name=tvp-step-BATCH --chdir=tvp-step-BATCH --array=0-2 " +
    "--output=tvp-step-BATCH/%A_%a.log --open-mode=append --requeue --cpus-per-task=2 " +
    "--signal=B:TERM@60 tvp-step-BATCH/job.sh",
    "sbatch --parsable --job-name=tvp-step-BATCH --chdir=tvp-step-BATCH " +
    "--output=tvp-step-BATCH/%A.log --open-mode=append --requeue --cpus-per-task=8 " +
    "--mem=16384M --time=02:00:00 --signal=B:TERM@60 --gres=gpu:1 tvp-step-BATCH/job.sh",
  ]);
});

Deno.test("slurmExecutor() asks one question for all jobs, more rarely while nothing changes", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  const results = Array.from({ length: 4 }, (_, i) => cluster.submit(cluster.job(`t${i}`)));
  const ids = await slurm.submitted(4);
  ids.forEach((id) => slurm.start(id));
  await slurm.until(() => slurm.means.now() > 600_000);
  const asked = slurm.callsOf("squeue");
  assertEquals(new Set(asked).size, 1);
  assert(asked.length >= 20 && asked.length <= 30, `asked ${asked.length} times in 10 min`);
  ids.forEach((id) => slurm.leave(id));
  await Promise.all(results);
});

Deno.test("slurmExecutor() tells where a job stands, and what holds it up", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  const result = cluster.submit(cluster.job("a"));
  const [id] = await slurm.submitted(1);
  slurm.jobs.get(id!)!.reason = "Resources";
  await slurm.until(() => cluster.queue().length === 2);
  slurm.jobs.get(id!)!.reason = "PartitionTimeLimit";
  await slurm.until(() => cluster.queue().length === 3);
  slurm.start(id!);
  await slurm.until(() => cluster.queue().length === 4);
  slurm.leave(id!);
  await result;
  assertEquals(cluster.queue(), [
    { id: "101", phase: "waits" },
    { id: "101", phase: "waits", reason: "Resources" },
    {
      id: "101",
      phase: "waits",
      reason: "PartitionTimeLimit",
      advice: "the partition does not allow so much time: lower resources.time",
    },
    { id: "101", phase: "runs", node: "node7" },
  ]);
});

Deno.test("slurmExecutor() says what Slurm has against a job, and leaves nothing", async () => {
  await using cluster = new Cluster();
  cluster.slurm.answers.sbatch = [{
    code: 1,
    stderr: "sbatch: error: invalid partition specified: nope\n" +
      "sbatch: error: Batch job submission failed: Invalid partition name specified\n",
  }];
  const result = await cluster.submit(
    cluster.job("a", { executor: { slurm: { partition: "nope" } } }),
  );
  assertEquals(textOf(result, cluster.folder), [
    'Cannot submit task "a" to Slurm: Invalid partition name specified',
    "sbatch: invalid partition specified: nope",
    "partition, account, qos, gres and constraint are set in executor.slurm of the pipeline file",
    "Command: sbatch --parsable --job-name=tvp-step-BATCH --chdir=DIR/slurm/batches/tvp-step-BATCH " +
    "--output=DIR/slurm/batches/tvp-step-BATCH/%A.log --open-mode=append --requeue " +
    "--cpus-per-task=2 --signal=B:TERM@60 --partition=nope DIR/slurm/batches/tvp-step-BATCH/job.sh",
  ]);
  assertEquals(cluster.left(), []);
});

Deno.test("slurmExecutor() says once for all of an array what Slurm has against it", async () => {
  await using cluster = new Cluster();
  const stderr =
    "sbatch: error: invalid partition specified: nope\nsbatch: error: Invalid partition";
  cluster.slurm.answers.sbatch = [{ code: 1, stderr }];
  const results = await Promise.all(["a", "b"].map((name) => cluster.submit(cluster.job(name))));
  const [first, second] = results.map((result) => textOf(result, cluster.folder));
  assertEquals(first!.slice(0, 2), [
    'Cannot submit task "a" to Slurm: Invalid partition',
    "sbatch: invalid partition specified: nope",
  ]);
  assertEquals(second, [
    'Cannot submit task "b" to Slurm: Invalid partition',
    "it was in one job array with a, which says more",
  ]);
});

Deno.test("slurmExecutor() submits one by one where arrays are not allowed", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  slurm.answers.sbatch = [{
    code: 1,
    stderr: "sbatch: error: Batch job submission failed: Invalid job array specification",
  }];
  slurm.onSubmit = (ids) => queueMicrotask(() => ids.forEach((id) => slurm.leave(id)));
  const results = await Promise.all(
    ["a", "b"].map((name) => cluster.submit(cluster.job(name))),
  );
  assertEquals(results.map(({ ok }) => ok), [true, true]);
  assertEquals([...slurm.jobs.keys()], ["101", "102"]);
});

Deno.test("slurmExecutor() points to the limits of the cluster where an array is refused", async () => {
  await using cluster = new Cluster();
  const stderr = "sbatch: error: Batch job submission failed: Invalid job array specification";
  cluster.slurm.answers.sbatch = [{ code: 1, stderr }];
  assertEquals(textOf(await cluster.submit(cluster.job("a")), cluster.folder).slice(0, 3), [
    'Cannot submit task "a" to Slurm: Invalid job array specification',
    "partition, account, qos, gres and constraint are set in executor.slurm of the pipeline file",
    "the cluster limits arrays, see MaxArraySize in scontrol show config; --jobs N submits fewer",
  ]);
});

Deno.test("slurmExecutor() says once that squeue does not answer", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  const result = cluster.submit(cluster.job("a"));
  const [id] = await slurm.submitted(1);
  const stderr = "slurm_load_jobs error: Unable to contact slurm controller\n";
  slurm.answers.squeue = Array.from({ length: 4 }, () => ({ code: 1, stderr }));
  await slurm.until(() => slurm.answers.squeue!.length === 0);
  slurm.leave(id!);
  assert((await result).ok);
  assertEquals(cluster.logs(), [
    "squeue does not answer (slurm_load_jobs error: Unable to contact slurm controller); asking again",
  ]);
});

Deno.test("slurmExecutor() says of a job that waited that it never began", async () => {
  for (const starts of [false, true]) {
    await using cluster = new Cluster();
    const { slurm } = cluster;
    const result = cluster.submit(cluster.job("a"));
    const [id] = await slurm.submitted(1);
    if (starts) {
      slurm.start(id!);
      await slurm.until(() => cluster.queue().length > 1);
    }
    cluster.stop.abort(new DOMException("stop", "AbortError"));
    const { reason, began } = await result as JobFailure;
    assertEquals([reason, began], ["cancelled", starts ? undefined : false]);
  }
});

Deno.test("slurmExecutor() tries again while the controller is silent, and never submits twice", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  const silence = { code: 1, stderr: "sbatch: error: Socket timed out on send/recv operation" };
  slurm.answers.sbatch = [silence, silence];
  const result = cluster.submit(cluster.job("a"));
  // The second try reached the controller after all.
  await slurm.until(() => slurm.callsOf("sbatch").length === 2);
  slurm.take(slurm.callsOf("sbatch")[1]!.split(" "));
  const [id] = await slurm.submitted(1);
  slurm.leave(id!);
  assert((await result).ok);
  assertEquals(slurm.callsOf("sbatch").length, 2);
});

Deno.test("slurmExecutor() ends at once where it is interrupted while Slurm does not answer", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  const silences = Array.from({ length: 5000 }, () => ({ code: 1, stderr: "no controller" }));
  slurm.answers.sbatch = [{ code: 1, stderr: "sbatch: error: Socket timed out" }];
  slurm.answers.squeue = silences;
  const results = ["a", "b"].map((name) => cluster.submit(cluster.job(name)));
  await slurm.until(() => slurm.callsOf("squeue").length > 2);
  cluster.stop.abort(new DOMException("The run was interrupted", "AbortError"));
  const reasons = (await Promise.all(results)).map((result) => (result as JobFailure).reason);
  assertEquals(reasons, ["cancelled", "cancelled"]);
  assertEquals([slurm.callsOf("sbatch").length, cluster.left()], [1, []]);
});

const ends: [string, JobFailure["reason"], string, string][] = [
  [
    "TIMEOUT",
    "timeout",
    "reached its time limit after 1:00",
    "raise resources.time of stage a, now 00:10:00",
  ],
  [
    "OUT_OF_MEMORY",
    "crash",
    "ran out of memory after 1:00",
    "raise resources.memory of stage a, now 1 GiB",
  ],
  [
    "NODE_FAIL",
    "crash",
    "lost its node after 1:00",
    "nothing in the task failed: run it again, or set retries",
  ],
  [
    "PREEMPTED",
    "crash",
    "was preempted by another job after 1:00",
    "nothing in the task failed: run it again, or set retries",
  ],
  [
    "CANCELLED",
    "cancelled",
    "was cancelled with scancel or by an administrator after 1:00",
    "run the pipeline again to go on",
  ],
  [
    "COMPLETED",
    "crash",
    "ended without a result after 1:00",
    "the store must be on a file system that the nodes share: see --cache",
  ],
];

for (const [state, reason, says, advice] of ends) {
  Deno.test(`slurmExecutor() explains ${state}`, async () => {
    await using cluster = new Cluster();
    const { slurm } = cluster;
    const resources = { cpu: 1, gpu: 0, memoryBytes: 2 ** 30, timeMs: 600_000 };
    const result = cluster.submit(cluster.job("a", { resources }));
    const [id] = await slurm.submitted(1);
    slurm.start(id!);
    slurm.end(id!, state);
    Deno.writeTextFileSync(`${slurm.jobs.get(id!)!.batch}/101.log`, "one\nlast words\n");
    const failure = await result;
    assertEquals((failure as JobFailure).reason, reason);
    assertEquals(textOf(failure, cluster.folder), [
      `Cannot finish task "a": Slurm job 101 on node7 ${says}`,
      `State: ${state}`,
      advice,
      "Log: DIR/slurm/batches/tvp-step-BATCH/101.log",
      "  one",
      "  last words",
    ]);
  });
}

Deno.test("slurmExecutor() asks accounting for a job that squeue has forgotten", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  const result = cluster.submit(cluster.job("a"));
  const [id] = await slurm.submitted(1);
  slurm.end(id!, "NODE_FAIL");
  slurm.forgotten.add(id!);
  assertEquals(
    (await result as JobFailure).message,
    'Cannot finish task "a": Slurm job 101 lost its node after 1:00',
  );
});

Deno.test("slurmExecutor() says so where nobody knows the job any more", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  slurm.answers.sacct = [{ code: 1, stderr: "Slurm accounting storage is disabled" }];
  const result = cluster.submit(cluster.job("a"));
  const [id] = await slurm.submitted(1);
  slurm.forgotten.add(id!);
  assertEquals(
    (await result as JobFailure).message,
    'Cannot finish task "a": Slurm job 101 is no longer known to Slurm, and left no result',
  );
});

Deno.test("slurmExecutor() believes a stage's own word, and Slurm's on a crash", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  const results = ["a", "b", "c"].map((name) => cluster.submit(cluster.job(name)));
  const [a, b, c] = await slurm.submitted(3);
  slurm.start(a!);
  await slurm.until(() => cluster.queue().length > 3);
  slurm.leave(a!, failed("error"));
  slurm.leave(b!, failed("crash", "signal SIGKILL"));
  slurm.end(b!, "OUT_OF_MEMORY");
  slurm.leave(c!, failed("crash", "exit code 9"));
  slurm.end(c!, "FAILED");
  const messages = (await Promise.all(results)).map((result) => (result as JobFailure).message);
  assertEquals(messages, [
    "it broke",
    'Cannot finish task "b": Slurm job 101_1 ran out of memory after 1:00',
    "exit code 9",
  ]);
});

Deno.test("slurmExecutor() goes on in another job where the state was saved", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  const result = cluster.submit(cluster.job("a"));
  const [first] = await slurm.submitted(1);
  slurm.start(first!);
  slurm.tell(first!, checkpoint);
  slurm.end(first!, "TIMEOUT");
  const [, second] = await slurm.submitted(2);
  // This one is warned in time, and ends by itself.
  slurm.tell(second!, { type: "resumed" }, checkpoint);
  slurm.leave(second!, failed("cancelled"));
  slurm.end(second!, "FAILED");
  const [, , third] = await slurm.submitted(3);
  slurm.leave(third!);
  assert((await result).ok);
  assertEquals(cluster.logs(), [
    'Cannot finish task "a": Slurm job 101 on node7 reached its time limit after 1:00; goes on from its checkpoint',
    'Cannot finish task "a": Slurm job 102 was asked to end before its time limit after 1:00; goes on from its checkpoint',
  ]);
});

Deno.test("slurmExecutor() does not go round in circles without a saved state", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  const result = cluster.submit(cluster.job("a"));
  const [id] = await slurm.submitted(1);
  slurm.leave(id!, failed("cancelled"));
  slurm.end(id!, "FAILED");
  assertEquals((await result as JobFailure).reason, "timeout");
  assertEquals(slurm.jobs.size, 1);
});

Deno.test("slurmExecutor() follows a job that Slurm puts back into the queue", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  const result = cluster.submit(cluster.job("a"));
  const [id] = await slurm.submitted(1);
  slurm.start(id!, "node1");
  await slurm.until(() => cluster.queue().length === 2);
  slurm.leave(id!, failed("cancelled"));
  Object.assign(slurm.jobs.get(id!)!, { state: "PENDING", reason: "BeginTime", nodes: "" });
  await slurm.until(() => cluster.queue().length === 3);
  slurm.folder(id!).clearResult();
  slurm.start(id!, "node2");
  await slurm.until(() => cluster.queue().length === 4);
  slurm.leave(id!);
  assert((await result).ok);
  assertEquals(slurm.jobs.size, 1);
});

Deno.test("slurmExecutor() finds the job of a runner that died", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  void cluster.submit(cluster.job("a"));
  const [id] = await slurm.submitted(1);
  slurm.start(id!);
  slurm.tell(id!, { type: "log", line: "said before" });
  cluster.replaceRunner();
  const second = cluster.submit(cluster.job("a"));
  await slurm.until(() => cluster.logs().includes("Slurm job 101 of an earlier run works on a"));
  slurm.leave(id!);
  assert((await second).ok);
  assertEquals(slurm.callsOf("sbatch").length, 1);
});

Deno.test("slurmExecutor() finds a job whose runner died before it knew the job's id", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  void cluster.submit(cluster.job("a"));
  void cluster.submit(cluster.job("b"));
  const [, id] = await slurm.submitted(2);
  const folder = slurm.folder(id!);
  await slurm.until(() => folder.submission()?.id !== undefined);
  const { id: _, ...unanswered } = folder.submission()!;
  folder.writeSubmission(unanswered);
  cluster.replaceRunner();
  const second = cluster.submit(cluster.job("b"));
  await slurm.until(() => folder.submission()?.id === "101_1");
  slurm.leave(id!);
  assert((await second).ok);
  assertEquals(slurm.jobs.size, 2);
});

Deno.test("slurmExecutor() takes what a job has left while nobody watched", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  void cluster.submit(cluster.job("a"));
  const [id] = await slurm.submitted(1);
  cluster.replaceRunner();
  slurm.tell(id!, { type: "log", line: "said meanwhile" });
  const second = cluster.job("a");
  slurm.leave(id!);
  const result = await cluster.submit(second);
  assert(result.ok);
  assertEquals(Deno.readTextFileSync(second.outputs.value!), "value of a");
  assertEquals(cluster.logs().includes("said meanwhile"), true);
});

Deno.test("slurmExecutor() submits anew what failed while nobody watched", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  void cluster.submit(cluster.job("a"));
  const [id] = await slurm.submitted(1);
  slurm.end(id!, "NODE_FAIL");
  cluster.replaceRunner();
  const second = cluster.submit(cluster.job("a"));
  const [, again] = await slurm.submitted(2);
  slurm.leave(again!);
  assert((await second).ok);
});

Deno.test("slurmExecutor() waits for an answer rather than submit a second job", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  void cluster.submit(cluster.job("a"));
  const [id] = await slurm.submitted(1);
  slurm.answers.squeue = Array.from({ length: 5 }, () => ({ code: 1, stderr: "no controller" }));
  cluster.replaceRunner();
  const second = cluster.submit(cluster.job("a"));
  await slurm.until(() => slurm.answers.squeue!.length === 0);
  slurm.leave(id!);
  assert((await second).ok);
  assertEquals(slurm.jobs.size, 1);
  assertEquals(cluster.logs()[0], "squeue does not answer (no controller); asking again");
});

Deno.test("slurmExecutor() passes over the mistakes of a job that Slurm has lost", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  const result = cluster.submit(cluster.job("a"));
  const [id] = await slurm.submitted(1);
  const left = { id: "99", outputs: "none", result: failed("error", "an orphan's") };
  slurm.folder(id!).writeResult(left);
  await slurm.until(() => slurm.means.now() > 20_000);
  slurm.leave(id!);
  assert((await result).ok);
});

Deno.test("slurmExecutor() cancels all jobs of an interrupted run together", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  const results = ["a", "b", "c"].map((name) => cluster.submit(cluster.job(name)));
  const [a] = await slurm.submitted(3);
  slurm.start(a!);
  await slurm.until(() => cluster.queue().length > 3);
  cluster.stop.abort(new DOMException("The run was interrupted", "AbortError"));
  await slurm.until(() => slurm.callsOf("scancel").length === 2);
  slurm.leave(a!, failed("cancelled"));
  const reasons = (await Promise.all(results)).map((result) => (result as JobFailure).reason);
  assertEquals(reasons, ["cancelled", "cancelled", "cancelled"]);
  assertEquals(slurm.callsOf("scancel"), [
    "scancel --quiet --state=PENDING 101_1 101_2",
    "scancel --quiet --batch --signal=TERM 101_0 101_1 101_2",
  ]);
});

Deno.test("slurmExecutor() kills a job that does not end when asked to", async () => {
  await using cluster = new Cluster();
  const { slurm } = cluster;
  const result = cluster.submit(cluster.job("a"));
  const [a] = await slurm.submitted(1);
  slurm.start(a!);
  await slurm.until(() => cluster.queue().length > 1);
  cluster.stop.abort(new DOMException("The run was interrupted", "AbortError"));
  assertEquals((await result as JobFailure).reason, "cancelled");
  assertEquals(slurm.callsOf("scancel").at(-1), "scancel --quiet 101");
});
