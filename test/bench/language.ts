/**
 * A real language model: 100 names scored in one run and one by one; tokens a second beside
 * transformers.js, which opens the same directory; peak memory at batch 8.
 *
 * @module
 */
import { openGenerator } from "../../lib/evaluation/generation.ts";
import { openScorer, type ScorerOptions } from "../../lib/evaluation/likelihood.ts";
import { type LanguageModelDirectory, openModelDirectory } from "../../lib/models/directory.ts";
import { dimsOfInput } from "../../lib/models/graph_inputs.ts";
import { type InstructionEncoder, openTextEncoder } from "../../lib/models/instruction_text.ts";
import { sizeOf, tensor } from "../../lib/tensor/tensor.ts";
import { type Benchmark, type BenchRow, interleaveTimed, timeOf } from "./benchmark.ts";
import { cifar100 } from "./cifar100_names.ts";
import { type PeerAnswer, PeerProcess } from "./peer_process.ts";
import { instruction } from "./zoo.ts";

const threads = 2;
const session = { provider: "cpu", threads } as const;

/** Tokens of a generated answer. */
const answerTokens = 64;

/** Of the names, so many are timed one by one. */
const oneByOne = 10;

/** Measures the model of `--model`. */
export const benchLanguage: Benchmark = async ({ model, rounds }) => {
  if (model === undefined) {
    return { rows: [], summary: {}, notes: ["skipped: give a model directory, --model DIR"] };
  }
  const path = await Deno.realPath(model);
  const directory = await openModelDirectory(path);
  const text = await openTextEncoder(directory);
  const notes: string[] = [];
  const few = Math.min(rounds, 3);
  const rows = [
    await scoring(directory, text, few),
    await generation({ directory, text, rounds, notes }),
    await memory(path),
  ];
  return { rows, summary: {}, notes };
};

/** A grey image, of the size that the encoder declares, so many times. */
export async function greyImages(directory: LanguageModelDirectory, count: number) {
  const { graph } = await directory.readPart("vision_encoder");
  const pixels = graph.inputs.find(({ name }) => name === "pixel_values")!;
  const dims = [count, ...dimsOfInput(pixels).slice(1).map(Number)];
  return tensor("float32", dims, new Float32Array(sizeOf(dims)));
}

async function scoring(
  directory: LanguageModelDirectory,
  text: InstructionEncoder,
  rounds: number,
): Promise<BenchRow> {
  const ids = text.instruction(instruction);
  const pixels = await greyImages(directory, 1);
  const options: Omit<ScorerOptions, "candidates"> = {
    ...{ directory, text, batch: 1, instructionLength: ids.ids.length, session },
  };
  await using packed = await openScorer({ ...options, candidates: cifar100 });
  const single = async (repeats: number) => {
    let ms = 0;
    for (const name of cifar100.slice(0, oneByOne)) {
      await using scorer = await openScorer({ ...options, candidates: [name] });
      await scorer.score(pixels, [ids]);
      ms += await timeOf(() => scorer.score(pixels, [ids]), repeats);
    }
    return ms / oneByOne * cifar100.length;
  };
  const times = await interleaveTimed({
    packed: (repeats) => timeOf(() => packed.score(pixels, [ids]), repeats),
    single,
  }, rounds);
  return {
    name: `scoring ${cifar100.length} names`,
    figures: {
      "in one run ms": times.packed,
      "one by one ms": times.single,
      "share": times.packed / times.single,
    },
  };
}

interface Generated extends PeerAnswer {
  readonly ms: number;
  readonly text: string;
}

async function generation(
  { directory, text, rounds, notes }: {
    readonly directory: LanguageModelDirectory;
    readonly text: InstructionEncoder;
    readonly rounds: number;
    readonly notes: string[];
  },
): Promise<BenchRow> {
  const ids = text.instruction("Write a long story about this photo.");
  const pixels = await greyImages(directory, 1);
  await using generator = await openGenerator({
    ...{ directory, batch: 1, instructionLength: ids.ids.length, maxTokens: answerTokens, session },
    text: { ...text, endTokens: new Set() },
  });
  const ours = (repeats: number) => timeOf(() => generator.generate(pixels, [ids]), repeats);
  const rate = (ms: number) => answerTokens / (ms / 1000);
  const request = { ids: ids.ids, dims: pixels.dims, tokens: answerTokens };
  try {
    await using peer = transformersJs(directory.path);
    const theirs = async (repeats: number) => (await peer.ask({ ...request, repeats })).ms;
    const [mine] = await generator.generate(pixels, [ids]);
    const { text: other } = await peer.ask({ ...request, repeats: 1 });
    notes.push(mine === other.trim() ? "both wrote the same" : `theirs: ${other}\nours: ${mine}`);
    const times = await interleaveTimed({ ours, theirs }, rounds);
    const [own, peers] = [rate(times.ours), rate(times.theirs)];
    return {
      name: "generation",
      figures: { "tokens/s": own, "transformers.js": peers, "ratio": own / peers },
    };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    notes.push(`without transformers.js: ${error.message}`);
    const { ours: ms } = await interleaveTimed({ ours }, rounds);
    return { name: "generation", figures: { "tokens/s": rate(ms) } };
  }
}

function transformersJs(path: string): PeerProcess<Generated> {
  const script = new URL("./transformers_js.ts", import.meta.url).pathname;
  const alone = ["--no-config", "--no-lock", "--quiet"];
  return new PeerProcess(Deno.execPath(), ["run", "-A", ...alone, script, path, String(threads)]);
}

/** Each in a process of its own, whose peak says what it took. */
async function memory(path: string): Promise<BenchRow> {
  const figures: Record<string, number> = {};
  for (const what of ["score", "generate", "train"]) {
    const script = new URL("./language_memory.ts", import.meta.url).pathname;
    const args = ["run", "-A", "--quiet", script, path, what];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" })
      .output();
    figures[`${what} MiB`] = Number(new TextDecoder().decode(stdout).trim());
  }
  return { name: "peak memory at batch 8", figures };
}
