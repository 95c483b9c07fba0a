/** Writes the arguments of Slurm's commands, and reads their answers. It starts nothing. @module */
import { shellWord } from "../trust/shell_word.ts";
import type { ExecutorSettings, Resources } from "../pipeline/contract/job.ts";

/** Options of a pipeline file for jobs of Slurm. */
export type SlurmSettings = NonNullable<ExecutorSettings["slurm"]>;

/** A job as `squeue` and `sacct` show it. */
export interface QueueRow {
  /** `123`, or `123_4` for an element of an array. */
  readonly id: string;
  /** `PENDING`, `RUNNING`, `OUT_OF_MEMORY`, … without what follows the word. */
  readonly state: string;
  /** Where it runs, or ran. */
  readonly nodes: string;
  /** How long it has run: `1-02:03:04`. */
  readonly elapsed: string;
  /** Why it waits: `Resources`; empty where Slurm gives none. */
  readonly reason: string;
  /** Name of the job. */
  readonly name: string;
}

/** What a job is submitted with. */
export interface JobRequest {
  readonly resources: Resources;
  readonly settings: SlurmSettings;
  /** `--slurm-args`, after everything else. */
  readonly extra: readonly string[];
}

/** Where a batch of jobs lies, and how many it has. */
export interface BatchPlace {
  readonly name: string;
  readonly folder: string;
  readonly size: number;
}

/** The longest time before the end of the time limit at which a job is asked to save its state. */
const warningSeconds = 60;

/** Below this limit Slurm, which counts in minutes, would warn a job that has hardly begun. */
const shortestWarnedMs = 5 * 60_000;

/** Options of a pipeline file that `sbatch` knows by the same name. */
const plainOptions = ["partition", "account", "qos", "constraint", "reservation"] as const;

/** Arguments for `sbatch` that depend on what the job needs; equal ones share a job array. */
export function requestArguments({ resources, settings, extra }: JobRequest): string[] {
  const { cpu, gpu, memoryBytes, timeMs } = resources;
  const gres = settings.gres ?? (gpu > 0 ? `gpu:${Math.ceil(gpu)}` : undefined);
  const warns = timeMs === undefined || timeMs >= shortestWarnedMs;
  return [
    `--cpus-per-task=${Math.ceil(cpu)}`,
    ...(memoryBytes === undefined ? [] : [`--mem=${Math.ceil(memoryBytes / 2 ** 20)}M`]),
    ...(timeMs === undefined ? [] : [`--time=${formatTimeLimit(timeMs)}`]),
    ...(warns ? [`--signal=B:TERM@${warningSeconds}`] : []),
    ...(gres === undefined ? [] : [`--gres=${gres}`]),
    ...plainOptions.flatMap((name) =>
      settings[name] === undefined ? [] : [`--${name}=${settings[name]}`]
    ),
    ...(settings.args ?? []),
    ...extra,
  ];
}

/** All arguments for `sbatch`: a job array where there is more than one job. */
export function submitArguments(request: readonly string[], batch: BatchPlace): string[] {
  const { name, folder, size } = batch;
  // Only here does Slurm take a percent sign for the beginning of a pattern.
  const place = folder.replaceAll("%", "%%");
  return [
    "--parsable",
    `--job-name=${name}`,
    `--chdir=${folder}`,
    ...(size > 1 ? [`--array=0-${size - 1}`] : []),
    `--output=${place}/${size > 1 ? "%A_%a" : "%A"}.log`,
    "--open-mode=append",
    "--requeue",
    ...request,
    `${folder}/job.sh`,
  ];
}

/** The id that Slurm shows for an element of a batch. */
export function elementId(jobId: string, index: number, size: number): string {
  return size > 1 ? `${jobId}_${index}` : jobId;
}

/** Hours, minutes and seconds as `--time` takes them, rounded up. */
export function formatTimeLimit(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${two(seconds / 3600)}:${two(seconds / 60 % 60)}:${two(seconds % 60)}`;
}

/** The script of a batch, with variables for its program alone: `exec`, so that signals to the batch shell reach the program. */
export function batchScript(
  command: readonly string[],
  { setup, variables }: {
    readonly setup: string | undefined;
    readonly variables: Readonly<Record<string, string>>;
  },
): string {
  const assigned = Object.entries(variables).map(([name, value]) => `${name}=${shellWord(value)}`);
  const line = [...assigned, "exec", ...command.map(shellWord)].join(" ");
  return ["#!/bin/sh", ...(setup === undefined ? [] : [setup.trimEnd()]), line, ""].join("\n");
}

/** Job id in the answer of `sbatch --parsable`: `123` or `123;cluster`. */
export function parseSubmitted(text: string): string | undefined {
  return /^(\d+)(?:;.*)?\s*$/m.exec(text)?.[1];
}

/** Arguments of `squeue`: one question for all jobs, also those that ended a short time ago. */
export const queueArguments: readonly string[] = [
  "--me",
  "--array",
  "--states=all",
  "--noheader",
  "--format=%i|%T|%N|%M|%r|%j",
];

/** Arguments of `sacct` for jobs that `squeue` has forgotten. */
export function accountingArguments(ids: readonly string[]): string[] {
  return [
    `--jobs=${ids.join(",")}`,
    "--allocations",
    "--noheader",
    "--parsable2",
    "--format=JobID,State,NodeList,Elapsed,Reason,JobName",
  ];
}

/** Rows of `squeue` and `sacct`, whose columns are the same. */
export function parseRows(text: string): QueueRow[] {
  return text.split("\n").flatMap((line) => {
    const [id, state, nodes, elapsed, reason, ...name] = line.trim().split("|");
    if (!/^\d+(_\d+)?$/.test(id ?? "") || !state) return [];
    return {
      id: id!,
      state: state.split(" ")[0]!,
      nodes: blank(nodes),
      elapsed: elapsed ?? "",
      reason: blank(reason),
      name: name.join("|"),
    };
  });
}

function blank(text = ""): string {
  return text === "None" || text === "None assigned" || text === "(null)" ? "" : text;
}

/** States in which a job will still do something, by Slurm's names. */
const openStates: Readonly<Record<string, "waits" | "runs">> = {
  PENDING: "waits",
  REQUEUED: "waits",
  REQUEUE_FED: "waits",
  REQUEUE_HOLD: "waits",
  SPECIAL_EXIT: "waits",
  RESV_DEL_HOLD: "waits",
  CONFIGURING: "runs",
  RUNNING: "runs",
  SUSPENDED: "runs",
  STOPPED: "runs",
  RESIZING: "runs",
  SIGNALING: "runs",
  STAGE_OUT: "runs",
  COMPLETING: "runs",
};

/** Whether a job waits, runs or has ended; what Slurm may add to its names has ended. */
export function phaseOf(state: string): "waits" | "runs" | "ended" {
  return openStates[state] ?? "ended";
}

/** Reasons for which a job waits until somebody does something. */
const stuckReasons: readonly [RegExp, string][] = [
  [/^JobHeld/, "the job is held: scontrol release lets it go"],
  [/held$/i, "the job is held after a failed start: scontrol release lets it go"],
  [
    /^BadConstraints$/,
    "no node offers what the job asks for: look at resources and executor.slurm",
  ],
  [
    /^PartitionConfig$/,
    "the partition cannot offer so much: lower resources, or choose another partition",
  ],
  [/^PartitionTimeLimit$/, "the partition does not allow so much time: lower resources.time"],
  [/^PartitionDown$|^PartitionInactive$/, "the partition is not in use now: choose another one"],
  [/^(Assoc|QOS)Max\w*PerJob/, "account or QOS do not allow one job so much: lower resources"],
  [/^Invalid(Account|QOS)$/, "set another account or QOS in executor.slurm"],
  [/^ReqNodeNotAvail/, "the nodes that could run it are down or reserved"],
];

/** Why waiting alone does not help a pending job; `undefined` where it does. */
export function adviceOnReason(reason: string): string | undefined {
  return stuckReasons.find(([form]) => form.test(reason))?.[1];
}

/** What commands say when Slurm's controller is restarting or overloaded. */
const transient =
  /timed out|unable to contact|connection (refused|reset)|temporarily unavailable|try again|socket|zero bytes|communication/i;

/** Whether asking again a little later is worth it. */
export function isTransient(message: string): boolean {
  return transient.test(message);
}

/** The part of a command's complaint that says something: its last line. */
export function complaint(stderr: string): string {
  const last = complaintLines(stderr).at(-1);
  return last?.replace(/^Batch job submission failed: /, "").replace(/\.$/, "") ??
    "it said nothing";
}

/** Most lines before the last one of a complaint that are kept, and characters of each. */
const MOST_TOLD = { lines: 10, characters: 300 };

/** What a command says before the last line of its complaint: often the value that it refuses. */
export function saidBefore(stderr: string): string[] {
  return complaintLines(stderr).slice(-1 - MOST_TOLD.lines, -1)
    .map((line) => line.slice(0, MOST_TOLD.characters));
}

function complaintLines(stderr: string): string[] {
  return stderr.split("\n").map((line) => line.replace(/^\w+: (error|fatal): /, "").trim())
    .filter((line) => line !== "");
}

/** Splits `--slurm-args` as a shell would: at blanks, but not within quotes. */
export function splitArguments(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)]
    .map(([word]) => word.replace(/"([^"]*)"|'([^']*)'/g, (_, a, b) => a ?? b));
}
