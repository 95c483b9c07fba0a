/**
 * A process that reads many inputs: `FORMAT SEED FROM TO SCRATCH [each]`. Prints a line of JSON every
 * now and then; with `each` also the number of an input before it is read, so that one that ends the
 * process is known.
 *
 * @module
 */
import { Random } from "../../../lib/tensor/random.ts";
import type { Report } from "./campaign.ts";
import { Nonsense, type OpenFormat } from "./format.ts";
import { outcomeOf } from "./outcome.ts";
import { plantedFormats } from "./planted_formats.ts";

/** Silence is taken for a hang, so that reports come much more often. */
const reportMs = 200;

const [name, seed, from, to, scratch, each] = Deno.args as [string, ...string[]];
const format = await (await opener(name))(scratch!);

/** Planted formats need no reader of the program. */
async function opener(name: string): Promise<OpenFormat> {
  if (name in plantedFormats) return plantedFormats[name as keyof typeof plantedFormats];
  const { formats } = await import("./formats.ts");
  return formats[name as keyof typeof formats];
}

let report = emptyReport();
let reported = performance.now();

/** A mistake of the fuzzer is none of the program. */
function generate(index: number): unknown {
  try {
    return format.generate(new Random(`${seed}/${name}/${index}`));
  } catch (error) {
    throw new Nonsense(`no input could be made: ${error}`);
  }
}

function emptyReport(): {
  next: number;
  counts: Record<string, number>;
  first: Record<string, number>;
} {
  return { next: Number(from), counts: {}, first: {} };
}

function send(next: number): void {
  const line: Report = { ...report, next };
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
  report = emptyReport();
  reported = performance.now();
}

send(Number(from));
for (let index = Number(from); index < Number(to); index++) {
  if (each !== undefined) send(index);
  let outcome = "accepted";
  try {
    const result = format.read(generate(index));
    if (result instanceof Promise) await result;
  } catch (error) {
    outcome = outcomeOf(error);
    if (each === "show") console.error(error);
  }
  report.counts[outcome] = (report.counts[outcome] ?? 0) + 1;
  report.first[outcome] ??= index;
  if (performance.now() - reported > reportMs) send(index + 1);
}
send(Number(to));
Deno.exit(0);
