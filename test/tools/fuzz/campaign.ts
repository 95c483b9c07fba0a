/** Reads many inputs of a format in processes that are watched, so that none can hurt the machine. @module */
import { statusBytes } from "../../../lib/runtime/peak_memory.ts";

/** What a process says of the inputs since it spoke last. */
export interface Report {
  /** The input that is read next. */
  readonly next: number;
  readonly counts: Readonly<Record<string, number>>;
  /** The first input of each outcome. */
  readonly first: Readonly<Record<string, number>>;
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
  readonly mostEnded?: number;
}

/** What came of it. */
export interface Findings {
  readonly format: string;
  readonly inputs: number;
  readonly accepted: number;
  readonly refused: number;
  /** How often by kind, and one input that shows it. */
  readonly faults: readonly {
    readonly kind: string;
    readonly count: number;
    readonly input: number;
  }[];
}

const child = new URL("./child.ts", import.meta.url);

/** Runs a campaign. */
export async function runCampaign(campaign: Campaign): Promise<Findings> {
  const { count, mostEnded = 5 } = campaign;
  const totals = new Totals();
  const scratch = await Deno.makeTempDir({ prefix: "fuzz-" });
  try {
    for (let next = 0, ended = 0; next < count && ended < mostEnded;) {
      const stop = await watch(campaign, { from: next, to: count, scratch, totals });
      if (stop.next >= count && stop.cause === undefined) break;
      // The input is somewhere after the last report: once more from there, one by one.
      const exact = await watch(campaign, {
        from: stop.next,
        to: count,
        scratch,
        totals,
        each: true,
      });
      if (exact.cause !== undefined) {
        totals.add(exact.cause, exact.next);
        ended++;
      }
      next = exact.cause === undefined ? count : exact.next + 1;
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  return totals.findings(campaign.format);
}

/** Counts by outcome. */
class Totals {
  readonly #counts = new Map<string, number>();
  readonly #first = new Map<string, number>();

  add(outcome: string, input: number, count = 1): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + count);
    if (!this.#first.has(outcome)) this.#first.set(outcome, input);
  }

  read({ counts, first }: Report): void {
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
      faults: rows.filter(({ kind }) => kind !== "accepted" && kind !== "refused")
        .sort((a, b) => b.count - a.count),
    };
  }
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly scratch: string;
  readonly totals: Totals;
  readonly each?: boolean;
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
  let [heard, isOpen] = [clockOf(process.pid), false];
  const end = (why: string) => {
    cause ??= why;
    process.kill("SIGKILL");
  };
  const timer = setInterval(() => {
    const now = clockOf(process.pid);
    const waited = now.wallMs - heard.wallMs;
    const spent = now.workMs === undefined || heard.workMs === undefined
      ? waited
      : now.workMs - heard.workMs;
    const resident = statusBytes("VmRSS", process.pid) ?? 0;
    if (isOpen && spent > hangMs) end(`hang: more than ${hangMs / 1000} s`);
    else if (isOpen && waited > mostWait * hangMs) end("hang: it waits for what does not come");
    else if (resident > memoryBytes) end(`memory: more than ${memoryBytes / 2 ** 20} MiB`);
  }, 50);
  try {
    for await (const line of linesOf(process.stdout)) {
      const report = JSON.parse(line) as Report;
      stretch.totals.read(report);
      next = report.next;
      [heard, isOpen] = [clockOf(process.pid), true];
    }
    const { code } = await process.status;
    if (!isOpen) throw new RangeError(`Cannot open the format "${campaign.format}": see --show 0`);
    if (code !== 0) cause ??= `died: exit code ${code}`;
  } finally {
    clearInterval(timer);
  }
  return { next, ...(cause === undefined ? {} : { cause }) };
}

/** An input that does no work for as many times longer waits for something that does not come. */
const mostWait = 12;

interface Clock {
  readonly wallMs: number;
  /** Time of the processor, where the system tells it. */
  readonly workMs: number | undefined;
}

function clockOf(pid: number): Clock {
  return { wallMs: performance.now(), workMs: workMs(pid) };
}

/** User and system time of a process by proc(5), in hundredths of a second there. */
function workMs(pid: number): number | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return undefined;
  }
}

/** May read anything, and write into its folder alone: whatever else is written is an error in it. */
function start({ format, seed, memoryBytes = 2 ** 30 }: Campaign, stretch: Stretch) {
  const { from, to, scratch, each } = stretch;
  const heap = Math.floor(memoryBytes / 2 ** 20);
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-check", "--quiet", "--no-prompt", `--v8-flags=--max-old-space-size=${heap}`],
      ...["--allow-read", "--allow-env", "--allow-sys", "--allow-ffi", `--allow-write=${scratch}`],
      ...[child.href, format, seed, String(from), String(to), scratch, ...(each ? ["each"] : [])],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
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
  const scratch = await Deno.makeTempDir({ prefix: "fuzz-" });
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-check", "--quiet", "--no-prompt", "--allow-read", "--allow-env"],
      ...["--allow-sys", "--allow-ffi", `--allow-write=${scratch}`],
      ...[child.href, format, seed, String(input), String(input + 1), scratch, "show"],
    ],
  }).output().then((output) => {
    Deno.stderr.writeSync(output.stderr);
    Deno.stdout.writeSync(output.stdout);
    return output;
  });
  await Deno.remove(scratch, { recursive: true });
  return success ? 0 : 1;
}
