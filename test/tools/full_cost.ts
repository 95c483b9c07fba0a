/**
 * `deno task full-cost [--tflops N]`: what pipelines/paper/full/main.yaml would take, from the published sizes of its models and
 * data sets: parameters, GPU hours at so many TFLOP/s that a card really gives, disk and memory of a card. Nothing is run.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";

/** A stack of transformer layers. */
interface Stack {
  readonly layers: number;
  readonly width: number;
  readonly ffn: number;
  /** Matrices of a feed-forward: 3 where it is gated. */
  readonly matrices: 2 | 3;
  /** Parameters of cross attention, of all layers. */
  readonly cross?: number;
}

/** Weights of matrices; norms and biases are less than a thousandth. */
const parametersOf = ({ layers, width, ffn, matrices, cross = 0 }: Stack): number =>
  layers * (4 * width ** 2 + matrices * width * ffn) + cross;

/** Operations of a forward pass over a sequence: two a weight and token, and the attention's. */
const flopsOf = (stack: Stack, tokens: number): number =>
  2 * parametersOf(stack) * tokens + 4 * tokens ** 2 * stack.width * stack.layers;

/** EVA ViT-g/14 without its last layer, as BLIP-2 has it (arXiv 2301.12597): 256 patches and a class token. */
const vision: Stack = { layers: 39, width: 1408, ffn: 6144, matrices: 2 };
const visionTokens = 257;

/** BERT-base with cross attention in every second layer (arXiv 2301.12597): 32 queries. */
const queries = 32;
const qformer: Stack = {
  ...{ layers: 12, width: 768, ffn: 3072, matrices: 2 },
  cross: 6 * (2 * 768 ** 2 + 2 * 768 * vision.width),
};

/** CLIP ViT-L/14 (arXiv 2103.00020). */
const clip: Stack = { layers: 24, width: 1024, ffn: 4096, matrices: 2 };

const vicuna = { layers: 32, width: 4096, ffn: 11008, matrices: 3 } as const satisfies Stack;

interface Language {
  readonly stack: Stack;
  readonly vocabulary: number;
  /** Rows of image features. */
  readonly imageTokens: number;
}

/** Language models of the six (arXiv 2404.11207, section 4.1), as their papers have them. */
const models: Readonly<Record<string, Language>> = {
  "minigpt4": { stack: vicuna, vocabulary: 32000, imageTokens: queries },
  "instructblip": { stack: vicuna, vocabulary: 32000, imageTokens: queries },
  "vpgtrans": { stack: vicuna, vocabulary: 32000, imageTokens: queries },
  // Patches too (arXiv 2308.09936).
  "bliva": { stack: vicuna, vocabulary: 32000, imageTokens: queries + visionTokens },
  // Flan-T5-XL: 24 layers of an encoder and 24 of a decoder, which attends to the encoder.
  "blip2": {
    stack: { layers: 48, width: 2048, ffn: 5120, matrices: 3, cross: 24 * 4 * 2048 ** 2 },
    vocabulary: 32128,
    imageTokens: queries,
  },
  // ChatGLM-6B.
  "visualglm": {
    stack: { layers: 28, width: 4096, ffn: 16384, matrices: 2 },
    vocabulary: 130528,
    imageTokens: queries,
  },
};
const sources = ["minigpt4", "instructblip"];

/** Images to train on and to test on; candidates of an answer, or tokens of a free one. */
const sets: Readonly<Record<string, readonly [train: number, test: number, answers: number]>> = {
  "cifar10": [50000, 10000, 10],
  "imagenette": [9469, 3925, 10],
  "svhn": [73257, 26032, 10],
  "clevr-counting": [70000, 15000, 4],
  "hateful-memes": [8500, 500, 2],
  "pope": [9000, 9000, 2],
};

/** Tokens of an instruction with its answer, and of an answer. */
const [textTokens, answerTokens] = [24, 4];
/** With every prompt, and two baselines. */
const [methods, baselines, halfBytes] = [2, 2, 2];

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const encodeFlops = flopsOf(vision, visionTokens) + flopsOf(qformer, queries);
const languageFlops = ({ stack, imageTokens }: Language, tokens: number) =>
  flopsOf(stack, imageTokens + tokens);

/** Of an image in a step: forward, and as much again for the gradient of the pixels alone. */
function stepFlops(model: Language): { readonly vp: number; readonly tvp: number } {
  const vp = 2 * (encodeFlops + languageFlops(model, textTokens));
  // The clean image is encoded once, and CLIP sees the prompted one.
  return { vp, tvp: vp + encodeFlops + 2 * flopsOf(clip, visionTokens) };
}

/** Of a test image: all answers follow one instruction. */
const testFlops = (model: Language, answers: number): number =>
  encodeFlops + languageFlops(model, textTokens) +
  2 * parametersOf(model.stack) * answers * answerTokens;

const parameters = (model: Language): number =>
  parametersOf(vision) + parametersOf(qformer) + parametersOf(model.stack) +
  2 * model.vocabulary * model.stack.width;

/** The whole table. */
export function fullCost(teraflops: number): {
  readonly tasks: Readonly<Record<"prompts" | "evaluations", number>>;
  readonly hours: Readonly<Record<"prompts" | "evaluations", number>>;
  readonly diskBytes: number;
  readonly models: readonly {
    readonly name: string;
    readonly parameters: number;
    readonly cardBytes: number;
  }[];
} {
  const rows = Object.values(sets);
  const [train, count] = [sumOf(rows.map(([train]) => train)), rows.length];
  const training = sumOf(sources.map((name) => {
    const { vp, tvp } = stepFlops(models[name]!);
    return (vp + tvp) * train;
  }));
  const runs = sources.length * methods + baselines;
  const testing = runs *
    sumOf(
      Object.values(models).flatMap((model) =>
        rows.map(([, test, answers]) => test * testFlops(model, answers))
      ),
    );
  const hours = (flops: number) => flops / teraflops / 1e12 / 3600;
  const named = Object.entries(models);
  return {
    tasks: {
      prompts: sources.length * methods * count,
      evaluations: runs * count * named.length,
    },
    hours: { prompts: hours(training), evaluations: hours(testing) },
    diskBytes: halfBytes *
      (sumOf(named.map(([, model]) => parameters(model))) + parametersOf(clip)),
    models: named.map(([name, model]) => ({
      name,
      parameters: parameters(model),
      cardBytes: halfBytes * parameters(model) + activationBytes(model),
    })),
  };
}

/** Of a batch of 16 in half precision: 34 bytes a token and channel in each layer, and the attention's (arXiv 2205.05198). */
function activationBytes({ stack, imageTokens }: Language): number {
  const of = ({ layers, width }: Stack, tokens: number) =>
    16 * layers * tokens * (34 * width + 5 * 16 * tokens);
  return of(vision, visionTokens) + of(stack, imageTokens + textTokens);
}

if (import.meta.main) {
  const { tflops } = parseArgs(Deno.args, { string: ["tflops"], default: { tflops: "200" } });
  const rate = Number(tflops);
  if (!(rate > 0)) {
    console.error(`Cannot use --tflops ${tflops}: expected a number above 0`);
    Deno.exit(2);
  }
  const { tasks, hours, diskBytes, models } = fullCost(rate);
  console.log(`at ${rate} TFLOP/s, the work alone: loading and decoding come on top`);
  console.log(`prompts      ${tasks.prompts} tasks, ${hours.prompts.toFixed(1)} GPU hours`);
  console.log(`evaluations  ${tasks.evaluations} tasks, ${hours.evaluations.toFixed(1)} GPU hours`);
  console.log(`disk         ${(diskBytes / 1e9).toFixed(0)} GB of weights in float16`);
  for (const { name, parameters, cardBytes } of models) {
    const millions = Math.round(parameters / 1e6).toLocaleString("en");
    console.log(
      `${name.padEnd(12)} ${millions} M parameters, ${
        (cardBytes / 1e9).toFixed(0)
      } GB on the card in training`,
    );
  }
}
