/**
 * `deno task bench [engine|build|data|grad|language|score|step]… [--rounds N] [--sizes N,N] [--beside TOOL,…] [--torch PYTHON] [--model DIR] [--provider P] [--json]`: ratios of things
 * that are measured side by side. Nothing fails because it is slow.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import type { Provider } from "../../lib/runtime/provider.ts";
import type { Benchmark, BenchResult } from "./benchmark.ts";
import { otherTools } from "./engine_tools.ts";
import { describeMachine, machineLine } from "./machine.ts";

/** What is measured, and what its figures mean. */
const benchmarks: Readonly<Record<string, readonly [string, () => Promise<Benchmark>]>> = {
  engine: [
    "trees of tasks that do next to nothing: whole processes, start-up included",
    async () => (await import("./engine.ts")).benchEngine,
  ],
  build: [
    "tvp grad on a ViT of 24 layers with a decoder of 24: time and memory, also with 1 GB of weights",
    async () => (await import("./build.ts")).benchBuild,
  ],
  data: [
    "training on photographs of 500×375 pixels: the share of the time that it waits for them",
    async () => (await import("./data.ts")).benchData,
  ],
  grad: [
    "forward pass with the gradient of the inputs, against forward pass alone; one thread",
    async () => (await import("./grad.ts")).benchGrad,
  ],
  language: [
    "a real language model (--model DIR): scoring 100 names, tokens a second beside transformers.js, memory",
    async () => (await import("./language.ts")).benchLanguage,
  ],
  score: [
    "likelihood of ten candidates: packed into one run, against one candidate at a time",
    async () => (await import("./score.ts")).benchScore,
  ],
  step: [
    "one training step of a prompt at batch 16: TVP against VP",
    async () => (await import("./step.ts")).benchStep,
  ],
};

const providers = ["auto", "cpu", "cuda", "webgpu"] as const satisfies readonly Provider[];
const runners = Object.keys(otherTools);

const help = `deno task bench [${Object.keys(benchmarks).join("|")}]… [options]

${Object.entries(benchmarks).map(([name, [summary]]) => `  ${name.padEnd(9)}${summary}`).join("\n")}

  --rounds N   rounds of which the shortest time counts (default 10)
  --sizes N,N  numbers of tasks for engine (default 10,100,1000,10000)
  --beside …   runners beside the engine: ${runners.join(",")} (default make)
  --torch PYTHON  for grad: also PyTorch's models, timed by this Python beside their ONNX exports;
               it needs torch, onnx, onnxscript, and transformers, torchvision, timm for the models.
               For step: the whole step beside PyTorch's official loop, its shortest, and torch.compile
               of that, at two sizes, with CPU time and peak memory; it needs torch, onnx, safetensors
  --model DIR  for language: a multimodal model that transformers.js can open as LLaVA;
               for data: the model that is trained on, in place of the zoo's first
  --provider P  for step and score: auto, cpu, cuda or webgpu (default cpu)
  --json       one line of JSON per benchmark

Examples: deno task bench grad --json
          SNAKEMAKE=venv/bin/snakemake deno task bench engine --beside make,snakemake
`;

/** Figures with three digits. */
const digits = (value: number) =>
  value >= 100 ? value.toFixed(0) : value.toPrecision(value < 1 ? 2 : 3);

function print({ rows, summary, notes }: BenchResult): void {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.figures)))];
  const width = Math.max(0, ...rows.map((row) => row.name.length));
  if (rows.length > 0) console.log(["".padEnd(width), ...names].join("  "));
  for (const { name, figures } of rows) {
    const cells = names.map((figure) => {
      const value = figures[figure];
      return (value === undefined ? "–" : digits(value)).padStart(figure.length);
    });
    console.log([name.padEnd(width), ...cells].join("  "));
  }
  for (const [name, value] of Object.entries(summary)) console.log(`${name}: ${digits(value)}`);
  for (const note of notes) console.log(note);
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseArgs([...args], {
    boolean: ["json", "help"],
    string: ["rounds", "sizes", "beside", "torch", "model", "provider"],
    default: { rounds: "10", sizes: "10,100,1000,10000", beside: "make", provider: "cpu" },
  });
  const asked = options._.length > 0 ? options._.map(String) : Object.keys(benchmarks);
  const [rounds, sizes] = [Number(options.rounds), String(options.sizes).split(",").map(Number)];
  const beside = String(options.beside).split(",").filter((name) => name !== "");
  const torch = options.torch === undefined ? undefined : String(options.torch);
  const model = options.model === undefined ? undefined : String(options.model);
  const provider = providers.find((name) => name === options.provider);
  const usable = provider !== undefined && rounds >= 1 && sizes.every((size) => size >= 1) &&
    beside.every((name) => runners.includes(name)) &&
    asked.every((name) => Object.hasOwn(benchmarks, name));
  if (options.help || !usable) {
    const unknown = asked.find((name) => !Object.hasOwn(benchmarks, name)) ??
      beside.find((name) => !runners.includes(name)) ??
      (provider === undefined ? options.provider : undefined);
    if (!options.help && unknown !== undefined) console.error(`There is no "${unknown}" here\n`);
    console.log(help);
    return options.help ? 0 : 2;
  }
  const machine = describeMachine();
  if (!options.json) console.log(machineLine(machine));
  for (const name of asked) {
    const [summary, load] = benchmarks[name]!;
    const result = await (await load())({ rounds, sizes, beside, torch, model, provider });
    if (options.json) {
      console.log(JSON.stringify({ version: 1, bench: name, machine, rounds, ...result }));
    } else {
      console.log(`\n${name}: ${summary}`);
      print(result);
    }
  }
  return 0;
}

/** @returns the exit code */
async function mainOrMessage(args: readonly string[]): Promise<number> {
  try {
    return await main(args);
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    for (const { message, notes = [] } of error.diagnostics) {
      console.error([message, ...notes].join("\n  "));
    }
    return 1;
  }
}

if (import.meta.main) Deno.exit(await mainOrMessage(Deno.args));
