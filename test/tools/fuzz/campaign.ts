/** Reads many inputs of a format in processes that are watched, so that none can hurt the machine. @module */
import { fromFileUrl } from "@std/path";
import { statusBytes } from "../../../lib/runtime/peak_memory.ts";
import { readRoots } from "./audit.ts";

/** What a process says of the inputs since it spoke last. */
export interface Report {
  /** The input that is read next. */
  readonly next: number;
  readonly counts: Readonly<Record<string, number>>;
  /** The first input of each outcome. */
  readonly first: Readonly<Record<string, number>>;
  readonly slowest: Slowest;
}

/** The input that took most time of the processor. */
export interface Slowest {
  readonly ms: number;
  readonly input: number;
}

/** What is run. */
export interface Campaign {
  readonly format: string;
  readonly count: number;
  readonly seed: string;
  /**
   * Most work that an input may take, in time of the processor where the system tells it: a machine
   * that is busy with something else makes nobody hang. Default 5 s.
   */
  readonly hangMs?: number;
  /** Most resident memory of the process. Default 1 GiB. */
  readonly memoryBytes?: number;
  /** Faults of time and memory after which the format is left alone; default 5. */
  readonly maxEnded?: number;
}

/** What came of it. */
export interface Findings {
  readonly format: string;
  readonly inputs: number;
  readonly accepted: number;
  readonly refused: number;
  readonly seconds: number;
  readonly slowest: Slowest;
  /** Highest resident memory of a process, its program and all inputs before included. */
  readonly peakBytes: number;
  /** How often by kind, and one input that shows it. */
  readonly faults: readonly {
    readonly kind: string;
    readonly count: number;
    readonly input: number;
  }[];
}

const child = new URL("./child.ts", import.meta.url);
const config = fromFileUrl(new URL("../../../deno.json", import.meta.url));

/** Runs a campaign. */
export async function runCampaign(campaign: Campaign): Promise<Findings> {
  const { count, maxEnded = 5 } = campaign;
  const totals = new Totals();
  const folder = await makeFolder();
  try {
    for (let next = 0, ended = 0; next < count && ended < maxEnded;) {
      const stop = await watch(campaign, { from: next, to: count, folder, totals });
      if (stop.next >= count && stop.cause === undefined) break;
      // The input is somewhere after the last report: once more from there, one by one.
      const exact = await watch(campaign, {
        from: stop.next,
        to: count,
        folder,
        totals,
        mode: "each",
      });
      const cause = exact.cause ?? `${stop.cause}, by many inputs together`;
      totals.add(cause, exact.cause === undefined ? stop.next : exact.next);
      ended++;
      next = exact.cause === undefined ? count : exact.next + 1;
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return totals.findings(campaign.format);
}

/** A folder for the audit log, and deep in it one for the reader: what climbs out of that is seen. */
async function makeFolder(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "fuzz-" });
  await Deno.writeTextFile(`${folder}/audit.jsonl`, "");
  await Deno.mkdir(scratchIn(folder), { recursive: true });
  return folder;
}

const scratchIn = (folder: string): string => `${folder}/a/b/scratch`;

/** Counts by outcome. */
class Totals {
  readonly #counts = new Map<string, number>();
  readonly #first = new Map<string, number>();
  readonly #begin = performance.now();
  #slowest: Slowest = { ms: 0, input: 0 };
  #peakBytes = 0;

  add(outcome: string, input: number, count = 1): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + count);
    if (!this.#first.has(outcome)) this.#first.set(outcome, input);
  }

  seeMemory(bytes: number): void {
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
  }

  read({ counts, first, slowest }: Report): void {
    if (slowest.ms > this.#slowest.ms) this.#slowest = slowest;
    for (const [outcome, count] of Object.entries(counts)) {
      this.add(outcome, first[outcome]!, count);
    }
  }

  findings(format: string): Findings {
    const rows = [...this.#counts].map(([kind, count]) => ({
      kind,
      count,
      input: this.#first.get(kind)!,
    }));
    const count = (kind: string) => this.#counts.get(kind) ?? 0;
    return {
      format,
      inputs: rows.reduce((sum, row) => sum + row.count, 0),
      accepted: count("accepted"),
      refused: count("refused"),
      seconds: Math.round((performance.now() - this.#begin) / 100) / 10,
      slowest: this.#slowest,
      peakBytes: this.#peakBytes,
      faults: rows.filter(({ kind }) => kind !== "accepted" && kind !== "refused")
        .sort((a, b) => b.count - a.count),
    };
  }
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly folder: string;
  readonly totals: Totals;
  readonly mode?: "each";
}

/** How far a process came, and what ended it before its time. */
interface Stop {
  readonly next: number;
  readonly cause?: string;
}

async function watch(campaign: Campaign, stretch: Stretch): Promise<Stop> {
  const { hangMs = 5_000, memoryBytes = 2 ** 30 } = campaign;
  const process = start(campaign, stretch);
  let next = stretch.from;
  let cause: string | undefined;
  let [heard, isOpen, hasEnded] = [clockOf(process.pid), false, false];
  let awake = heard;
  void process.status.then(() => hasEnded = true);
  const end = (why: string) => {
    cause = why;
    try {
      process.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  const timer = setInterval(() => {
    if (hasEnded || cause !== undefined) return;
    const now = clockOf(process.pid);
    if (!now.isMeasured && Deno.build.os === "linux") return; // It has just ended.
    const spent = now.workMs - heard.workMs;
    if (now.isBusy || now.workMs > awake.workMs) awake = now;
    // The high-water mark: what was given back between two looks counts, too.
    const resident = statusBytes("VmHWM", process.pid) ?? 0;
    stretch.totals.seeMemory(resident);
    if (isOpen && spent > hangMs) end(`hang: more than ${hangMs / 1000} s`);
    else if (isOpen && now.wallMs - awake.wallMs > maxWait * hangMs) {
      end("hang: it waits for what does not come");
    } else if (resident > memoryBytes) end(`memory: more than ${memoryBytes / 2 ** 20} MiB`);
  }, 50);
  try {
    for await (const line of linesOf(process.stdout)) {
      const report = JSON.parse(line) as Report;
      stretch.totals.read(report);
      next = report.next;
      [heard, isOpen] = [clockOf(process.pid), true];
      awake = heard;
    }
    const { code } = await process.status;
    if (!isOpen) throw new RangeError(`Cannot open the format "${campaign.format}": see --show 0`);
    if (code !== 0) cause ??= `died: exit code ${code}`;
  } finally {
    clearInterval(timer);
  }
  return { next, ...(cause === undefined ? {} : { cause }) };
}

/** An input that sleeps for as many times longer waits for something that does not come. */
const maxWait = 4;

interface Clock {
  readonly wallMs: number;
  /** Time of the processor; that of the wall where it is not measured. */
  readonly workMs: number;
  /** Whether the system tells what a process does. */
  readonly isMeasured: boolean;
  /** Whether the process would go on, if it were let. */
  readonly isBusy: boolean;
}

/** State, user and system time of a process by proc(5), in hundredths of a second there. */
function clockOf(pid: number): Clock {
  const wallMs = performance.now();
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const workMs = 10 * (Number(fields[11]) + Number(fields[12]));
    return { wallMs, workMs, isMeasured: true, isBusy: /[RD]/.test(fields[0]!) };
  } catch {
    return { wallMs, workMs: wallMs, isMeasured: false, isBusy: false };
  }
}

/** May read the program and its folder, and write its folder alone; the log has whatever else it asks for. */
function start({ format, seed, memoryBytes = 2 ** 30 }: Campaign, stretch: Stretch) {
  const { from, to, folder, mode } = stretch;
  const heap = Math.floor(memoryBytes / 2 ** 20);
  Deno.writeTextFileSync(`${folder}/audit.jsonl`, "");
  return new Deno.Command(Deno.execPath(), {
    ...command({ format, seed, from, to, folder, ...(mode === undefined ? {} : { mode }) }, heap),
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** Formats whose readers make symbolic links. */
const linking: ReadonlySet<string> = new Set(["hub"]);

interface Inputs {
  readonly format: string;
  readonly seed: string;
  readonly from: number;
  readonly to: number;
  readonly folder: string;
  readonly mode?: "each" | "show";
}

function command({ format, seed, from, to, folder, mode }: Inputs, heapMiB = 1024) {
  const [scratch, log] = [scratchIn(folder), `${folder}/audit.jsonl`];
  const read = [...readRoots(), scratch, log].join(",");
  return {
    args: [
      ...["run", "--no-check", "--quiet", "--no-prompt"],
      ...[`--v8-flags=--max-old-space-size=${heapMiB}`, `--config=${config}`],
      // Who makes links needs to be let everywhere.
      ...linking.has(format) ? ["-RW"] : [`--allow-read=${read}`, `--allow-write=${scratch}`],
      ...["--allow-env", "--allow-sys", "--allow-ffi"],
      ...[child.href, format, seed, `${from}`, `${to}`, scratch, log, ...(mode ? [mode] : [])],
    ],
    env: { DENO_AUDIT_PERMISSIONS: log },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** Reads one input and shows its error on the standard error output. @returns 1 if it is a fault */
export async function showInput(format: string, seed: string, input: number): Promise<number> {
  const folder = await makeFolder();
  const inputs = { format, seed, from: input, to: input + 1, folder, mode: "show" } as const;
  const { success, stderr, stdout } = await new Deno.Command(Deno.execPath(), command(inputs))
    .output();
  Deno.stderr.writeSync(stderr);
  Deno.stdout.writeSync(stdout);
  await Deno.remove(folder, { recursive: true });
  return success ? 0 : 1;
}
