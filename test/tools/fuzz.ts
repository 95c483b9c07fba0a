/**
 * Reads damaged inputs of every format that comes from strangers, and says what came of it.
 *
 * ```sh
 * deno run -A test/tools/fuzz.ts                      # 100 000 of each, 1 000 000 of two
 * deno run -A test/tools/fuzz.ts onnx zip --count 500 --seed 7
 * deno run -A test/tools/fuzz.ts onnx --show 123      # one input, with its error in full
 * ```
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { table } from "../../lib/cli/print.ts";
import { type Findings, runCampaign, showInput } from "./fuzz/campaign.ts";
import { type FormatName, formats } from "./fuzz/formats.ts";

/** Inputs of a format, if not said otherwise; bytes that are read fast get more. */
const usualCount = 100_000;
const counts: Partial<Record<FormatName, number>> = { onnx: 1_000_000, safetensors: 1_000_000 };

/** The findings as a table: a row for each format, and one more for each fault of it. */
export function findingsTable(all: readonly Findings[]): string {
  const rows = all.flatMap(({ format, inputs, accepted, refused, faults, ...of }) => [
    [
      format,
      ...[inputs, accepted, refused, of.seconds].map(String),
      `${Math.round(of.slowest.ms)} (--show ${of.slowest.input})`,
      String(Math.round(of.peakBytes / 2 ** 20)),
      String(sum(faults)),
    ],
    ...faults.map(({ kind, count, input }) => [
      ...["", "", "", "", "", "", ""],
      `${count} × ${kind} (--show ${input})`,
    ]),
  ]);
  const head = ["format", "inputs", "accepted", "refused", "seconds", "slowest ms", "peak MiB"];
  return table([[...head, "faults"], ...rows]);
}

function sum(faults: Findings["faults"]): number {
  return faults.reduce((total, { count }) => total + count, 0);
}

function fail(message: string): never {
  console.error(message);
  Deno.exit(2);
}

function wholeNumber(text: string, option: string): number {
  if (!/^\d+$/.test(text)) fail(`Cannot use "${text}" for --${option}: expected a whole number`);
  return Number(text);
}

const usage =
  "Usage: deno run -A test/tools/fuzz.ts [FORMAT…] [--count N] [--seed N] [--show INPUT] " +
  `[--json]\nFormats: ${Object.keys(formats).join(", ")}`;

/** Runs the formats that are named. @returns the exit code: 1 if there are faults */
async function main(args: readonly string[]): Promise<number> {
  const parsed = parseArgs([...args], {
    string: ["count", "seed", "show"],
    boolean: ["json", "help"],
    unknown: (option) =>
      option.startsWith("-") ? fail(`Unknown option "${option}"\n${usage}`) : true,
  });
  const { _: named, json, help } = parsed;
  if (help) {
    console.log(usage);
    return 0;
  }
  const [count, seed = "1", show] = [
    parsed.count,
    parsed.seed,
    parsed.show,
  ] as (string | undefined)[];
  const names = named.length > 0 ? named.map(String) : Object.keys(formats);
  const unknown = names.filter((name) => !Object.hasOwn(formats, name));
  if (unknown.length > 0) {
    fail(`Cannot fuzz "${unknown[0]}": the formats are ${Object.keys(formats).join(", ")}`);
  }
  if (show !== undefined) return await showInput(names[0]!, seed, wholeNumber(show, "show"));
  const all: Findings[] = [];
  for (const format of names) {
    const usual = counts[format as FormatName] ?? usualCount;
    const found = await runCampaign({
      format,
      seed,
      count: count === undefined ? usual : wholeNumber(count, "count"),
    });
    all.push(found);
    if (!json) console.error(`${format}: ${found.inputs} inputs, ${sum(found.faults)} faults`);
  }
  console.log(json ? JSON.stringify(all) : findingsTable(all));
  return all.every(({ faults }) => faults.length === 0) ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
