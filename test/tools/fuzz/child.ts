/**
 * A process that reads many inputs: `FORMAT SEED FROM TO SCRATCH AUDIT [each|show]`. Prints a line of
 * JSON every now and then; with `each` also the number of an input before it is read, so that one that
 * ends the process is known.
 *
 * @module
 */
import process from "node:process";
import { Random } from "../../../lib/tensor/random.ts";
import { Audit } from "./audit.ts";
import type { Report } from "./campaign.ts";
import { type Format, Nonsense, type OpenFormat } from "./format.ts";
import { outcomeOf } from "./outcome.ts";
import { plantedFormats } from "./planted_formats.ts";

/** Silence is taken for a hang, so that reports come much more often. */
const reportMs = 200;

const [name, seed, from, to, scratch, log, mode] = Deno.args as [string, ...string[]];

/** Planted formats need no reader of the program. */
async function opener(name: string): Promise<OpenFormat> {
  if (name in plantedFormats) return plantedFormats[name as keyof typeof plantedFormats];
  const { formats } = await import("./formats.ts");
  return formats[name as keyof typeof formats];
}

/** A mistake of the fuzzer is none of the program. */
function generate(format: Format, index: number): unknown {
  try {
    return format.generate(new Random(`${seed}/${name}/${index}`));
  } catch (error) {
    throw new Nonsense(`no input could be made: ${error}`);
  }
}

let report = emptyReport();
let reported = performance.now();

function emptyReport() {
  return {
    counts: {} as Record<string, number>,
    first: {} as Record<string, number>,
    slowest: { ms: 0, input: Number(from) },
  };
}

function send(next: number): void {
  const line: Report = { ...report, next };
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
  report = emptyReport();
  reported = performance.now();
}

/** Time of the processor so far: a machine that is busy makes no input slow. */
function workMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function outcome(format: Format, make: () => unknown): Promise<string> {
  try {
    await format.read(make());
    return "accepted";
  } catch (error) {
    if (mode === "show") console.error(error);
    return outcomeOf(error);
  }
}

/** What was done outside counts, however the reader ended. */
async function watched(format: Format, audit: Audit, make: () => unknown): Promise<string> {
  const result = await outcome(format, make);
  const [touched] = audit.outside();
  return touched === undefined ? result : `outside: ${touched}`;
}

const format = await (await opener(name))(scratch!);
const audit = new Audit(log!, format.roots ?? [scratch!]);
send(Number(from));
const seedOutcomes = [];
for (const good of format.seeds) seedOutcomes.push(await outcome(format, () => good));
audit.outside(); // What is loaded when it is used for the first time.
const refused = seedOutcomes.findIndex((result) => result !== "accepted");
if (refused >= 0) {
  const kind = `seed ${refused}: ${seedOutcomes[refused]}`;
  report = { ...emptyReport(), counts: { [kind]: 1 }, first: { [kind]: 0 } };
  send(Number(to));
  Deno.exit(0);
}
for (let index = Number(from); index < Number(to); index++) {
  if (mode === "each") send(index);
  const before = workMs();
  const kind = await watched(format, audit, () => generate(format, index));
  const ms = workMs() - before;
  if (ms > report.slowest.ms) report.slowest = { ms, input: index };
  report.counts[kind] = (report.counts[kind] ?? 0) + 1;
  report.first[kind] ??= index;
  if (performance.now() - reported > reportMs) send(index + 1);
}
send(Number(to));
Deno.exit(0);
