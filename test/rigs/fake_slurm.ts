/** Slurm in the hands of a test: keeps the states of jobs, and time passes only where one waits. @module */
import type { ProgramResult } from "../../lib/executors/process.ts";
import { batchTask, TaskFolder } from "../../lib/executors/slurm_folder.ts";
import type { SlurmMeans } from "../../lib/executors/slurm_queue.ts";
import type { JobEvent, JobResult } from "../../lib/pipeline/contract/job.ts";

interface FakeJob {
  readonly id: string;
  readonly name: string;
  readonly batch: string;
  readonly index: number;
  state: string;
  reason: string;
  nodes: string;
}

/** Answers `sbatch`, `squeue`, `sacct` and `scancel`. */
export class FakeSlurm {
  /** Every command, as it would be typed. */
  readonly calls: string[] = [];
  readonly jobs = new Map<string, FakeJob>();
  /** Jobs that `squeue` has forgotten. */
  readonly forgotten = new Set<string>();
  /** Answers for the next calls of a program, in place of what it would do. */
  readonly answers: Record<string, Partial<ProgramResult>[]> = {};
  /** Called on `sbatch` after the jobs are there. */
  onSubmit: (ids: readonly string[]) => void = () => {};
  /** Keys in the scripts of batches, of which Slurm takes copies. */
  readonly #keys = new Map<string, string>();
  #nowMs = 0;
  #lastId = 100;

  readonly means: SlurmMeans = {
    run: (program, args) => Promise.resolve(this.#run(program, args)),
    now: () => this.#nowMs,
    wait: async (ms) => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.#nowMs += ms;
    },
  };

  /** The commands of one kind. */
  callsOf(program: string): string[] {
    return this.calls.filter((call) => call.startsWith(`${program} `));
  }

  /** Ids of all jobs, once there are so many. */
  async submitted(count: number): Promise<string[]> {
    await this.until(() => this.jobs.size >= count);
    return [...this.jobs.keys()];
  }

  /** Lets things happen until something is so. */
  async until(holds: () => boolean): Promise<void> {
    for (let tries = 0; !holds(); tries++) {
      if (tries === 5000) throw new RangeError("Cannot wait longer: it does not happen");
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  folder(id: string): TaskFolder {
    const { batch, index } = this.jobs.get(id)!;
    return new TaskFolder(batchTask(batch, index));
  }

  start(id: string, node = "node7"): void {
    Object.assign(this.jobs.get(id)!, { state: "RUNNING", nodes: node, reason: "" });
  }

  tell(id: string, ...events: readonly JobEvent[]): void {
    using file = this.folder(id).openEvents();
    const text = events.map((event) => `${JSON.stringify(event)}\n`).join("");
    file.writeSync(new TextEncoder().encode(text));
  }

  /** What the program on the node leaves; Slurm learns of it later, by `end`. */
  leave(id: string, result: JobResult = { ok: true, durationMs: 5, host: { versions: {} } }): void {
    const folder = this.folder(id);
    const { job, outputs } = folder.readJob(this.#keys.get(this.jobs.get(id)!.batch)!);
    for (const [name, path] of Object.entries(job.outputs)) {
      if (result.ok) Deno.writeTextFileSync(path, `${name} of ${job.task}`);
    }
    folder.writeResult({ id, outputs, result });
  }

  end(id: string, state = "COMPLETED"): void {
    this.jobs.get(id)!.state = state;
  }

  #run(program: string, args: readonly string[]): ProgramResult {
    this.calls.push([program, ...args].join(" "));
    const answer = this.answers[program]?.shift();
    if (answer) return { code: 0, stdout: "", stderr: "", ...answer };
    const stdout = this.#programs[program]!(args);
    return { code: 0, stdout, stderr: "" };
  }

  /** Takes a job without telling anybody, as a controller that answers too late. */
  take(args: readonly string[]): string {
    const value = (name: string) =>
      args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
    const last = value("array")?.split("-")[1];
    const script = Deno.readTextFileSync(args.at(-1)!);
    this.#keys.set(value("chdir")!, /^TVP_JOB_KEY=(\w+) /m.exec(script)![1]!);
    const jobId = String(++this.#lastId);
    const ids = last === undefined
      ? [jobId]
      : Array.from({ length: Number(last) + 1 }, (_, index) => `${jobId}_${index}`);
    ids.forEach((id, index) =>
      this.jobs.set(id, {
        id,
        name: value("job-name")!,
        batch: value("chdir")!,
        index,
        state: "PENDING",
        reason: "None",
        nodes: "",
      })
    );
    this.onSubmit(ids);
    return `${jobId}\n`;
  }

  readonly #programs: Readonly<Record<string, (args: readonly string[]) => string>> = {
    sbatch: (args) => this.take(args),
    squeue: () => this.#rows([...this.jobs.values()].filter(({ id }) => !this.forgotten.has(id))),
    sacct: () => this.#rows([...this.jobs.values()].filter(({ id }) => this.forgotten.has(id))),
    scancel: (args) => {
      for (const id of args.filter((arg) => this.jobs.has(arg))) this.#cancel(id, args);
      return "";
    },
  };

  #rows(jobs: readonly FakeJob[]): string {
    return jobs.map(({ id, state, nodes, reason, name }) =>
      `${id}|${state}|${nodes}|1:00|${reason}|${name}\n`
    ).join("");
  }

  #cancel(id: string, args: readonly string[]): void {
    const job = this.jobs.get(id)!;
    if (args.includes("--signal=TERM")) return;
    if (args.includes("--state=PENDING") && job.state !== "PENDING") return;
    if (job.state === "PENDING" || job.state === "RUNNING") job.state = "CANCELLED";
  }
}
