import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { planCandidates } from "../../lib/evaluation/candidates.ts";
import { openScorer } from "../../lib/evaluation/likelihood.ts";
import { modelFeeds } from "../../lib/models/feeds.ts";
import { bindPast, composed, composeModel } from "../../lib/models/compose_model.ts";
import type { LanguageModelDirectory } from "../../lib/models/directory.ts";
import type { InstructionEncoder, InstructionIds } from "../../lib/models/instruction_text.ts";
import { promptExcess, toTextBatch } from "../../lib/models/text_batch.ts";
import { pruneModel } from "../../lib/onnx/passes/prune.ts";
import { openSession } from "../../lib/runtime/session.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";
import { openRecorded, randomPixels, withDecoder } from "../models/rig.ts";

const session = { provider: "cpu", threads: 1 } as const;

/** Answers of one, two and three tokens, two of which begin alike. */
const answers = [[10], [11, 12], [11, 12, 13], [11, 14], [20, 21, 22]];

/** The recorded tokenizers are word lists: the test names tokens by their ids. */
function withAnswers(text: InstructionEncoder): InstructionEncoder {
  return { ...text, answer: (name) => answers[Number(name)]! };
}

function instructionsOf(
  text: InstructionEncoder,
  lengths: readonly number[],
  prompts?: readonly (readonly number[])[],
): InstructionIds[] {
  const image = new Array<number>(text.imageTokens).fill(text.imageToken);
  return lengths.map((length, row) => ({
    ids: [1, ...image, ...Array.from({ length }, (_, i) => 30 + row + i)],
    qformerIds: [40, 41 + row],
    ...(prompts === undefined ? {} : { prompt: prompts[row]! }),
  }));
}

/** Scores by one run a candidate over the whole sequence, softmax in float64. */
async function scoreSlowly(
  directory: LanguageModelDirectory,
  text: InstructionEncoder,
  pixels: Tensor,
  instruction: InstructionIds,
): Promise<number[]> {
  const encoder = directory.has("encoder_model");
  const { ids, qformerIds: qformer, ...prompt } = instruction;
  const scores: number[] = [];
  for (const answer of answers) {
    const batch = toTextBatch(
      [{ instruction: ids, answer, qformer, ...prompt }],
      { padToken: text.padToken, ...(encoder ? { startToken: text.startToken } : {}) },
    );
    const model = pruneModel(
      await composeModel(directory, {
        batch: 1,
        sequence: batch.inputIds.dims[1]!,
        imageTokens: text.imageTokens,
        answer: batch.labels.dims[1]!,
        qformer: instruction.qformerIds.length,
      }),
      [composed.logits],
    );
    await using slow = await openSession(model, session);
    const feeds = { pixel_values: pixels, ...modelFeeds(model, batch, text) };
    const logits = (await slow.run(feeds))[composed.logits]!;
    const start = encoder ? promptExcess(instruction) : instruction.ids.length - 1;
    const sum = answer.reduce((total, id, i) => total + logProb(logits, start + i, id), 0);
    scores.push(sum / answer.length);
  }
  return scores;
}

function logProb({ dims, data }: Tensor, position: number, id: number): number {
  const width = dims.at(-1)!;
  const row = Array.from(data.slice(position * width, (position + 1) * width), Number);
  const largest = Math.max(...row);
  const sum = row.reduce((total, value) => total + Math.exp(value - largest), 0);
  return row[id]! - largest - Math.log(sum);
}

/** A decoder that takes no past. */
function withoutPast(directory: LanguageModelDirectory, rows: number): LanguageModelDirectory {
  return withDecoder(directory, (decoder) => bindPast(decoder, rows));
}

async function checkScores(
  directory: LanguageModelDirectory,
  text: InstructionEncoder,
  rows = 1,
  prompts?: readonly (readonly number[])[],
) {
  const pixels = randomPixels(3);
  const instructions = instructionsOf(text, [4, 2, 3], prompts);
  await using scorer = await openScorer({
    directory: rows > 1 ? withoutPast(directory, rows) : directory,
    text: withAnswers(text),
    candidates: answers.map((_, i) => String(i)),
    batch: 4,
    instructionLength: Math.max(...instructions.map(({ ids }) => ids.length)),
    qformerLength: 2,
    promptLength: prompts?.[0]?.length ?? 1,
    session,
  });
  const scores = await scorer.score(pixels, instructions);
  assertEquals(scores.length, 3);
  for (const [i, instruction] of instructions.entries()) {
    const image = {
      ...pixels,
      dims: [1, 3, 32, 32],
      data: pixels.data.slice(i * 3072, (i + 1) * 3072),
    };
    const expected = await scoreSlowly(directory, text, image, instruction);
    expected.forEach((value, c) => {
      const error = Math.abs(scores[i]![c]! - value);
      assert(error < 2e-5, `image ${i}, candidate ${c}: ${scores[i]![c]} instead of ${value}`);
    });
  }
}

Deno.test("openScorer() scores candidates behind what a decoder has read, of each image its own", async () => {
  const { directory, text } = await openRecorded("instructblip_t5_dynamo");
  await checkScores(directory, text, 1, [[0, 50, 51], [0, 60, 61], [7, 50, 62]]);
});

for (const name of ["llava", "blip2_dynamo", "instructblip_t5_dynamo"]) {
  Deno.test(`openScorer() scores candidates of ${name} as whole runs do`, async () => {
    const { directory, text } = await openRecorded(name);
    await checkScores(directory, text);
  });
}

Deno.test("openScorer() scores with a decoder that takes no past", async () => {
  const { directory, text } = await openRecorded("llava");
  // Four images, of which each has the three rows that begin no other.
  await checkScores(directory, text, 4 * planCandidates(answers, "repeat", 0).rows.length);
});

Deno.test("Scorer.score() scores many candidates in several runs as in one", async () => {
  const { directory, text } = await openRecorded("llava");
  const instructions = instructionsOf(text, [2, 2, 2]);
  const many = Array.from({ length: 60 }, (_, i) => `${i} 70 ${(i * 7) % 90}`);
  const open = (candidates: readonly string[]) =>
    openScorer({
      directory,
      text: { ...text, answer: (ids) => ids.split(" ").map(Number) },
      candidates,
      batch: 3,
      instructionLength: instructions[0]!.ids.length,
      session,
    });
  await using whole = await open(many);
  await using part = await open(many.slice(10, 20));
  const [all, some] = [
    await whole.score(randomPixels(3), instructions),
    await part.score(randomPixels(3), instructions),
  ];
  for (const [i, scores] of some.entries()) {
    scores.forEach((score, c) => assert(Math.abs(score - all[i]![10 + c]!) < 1e-5));
  }
});

Deno.test("Scorer.score() refuses a batch of another size", async () => {
  const { directory, text } = await openRecorded("llava");
  const [instruction] = instructionsOf(text, [2]);
  await using scorer = await openScorer({
    directory,
    text: withAnswers(text),
    candidates: ["0"],
    batch: 1,
    instructionLength: instruction!.ids.length,
    session,
  });
  await assertRejects(
    () => scorer.score(randomPixels(2), [instruction!, instruction!]),
    RangeError,
    "Cannot score 2 images with 2 instructions: a call takes 1 to 1",
  );
});

Deno.test("planCandidates() shares rows and reads the first token from the instruction", () => {
  const plan = planCandidates(answers, "cache", 0);
  assertEquals(plan.rows, [[11, 12], [20, 21]]);
  assertEquals(plan.first, [10, 11, 11, 11, 20]);
  assertEquals(plan.counts, [1, 2, 3, 2, 3]);
  assertEquals(
    plan.picks.map(({ candidate, row, position, token }) => [candidate, row, position, token]),
    [
      [1, 0, 0, 12],
      [2, 0, 0, 12],
      [2, 0, 1, 13],
      [3, 0, 0, 14],
      [4, 1, 0, 21],
      [4, 1, 1, 22],
    ],
  );
});

Deno.test("planCandidates() needs no rows for answers of one token", () => {
  const plan = planCandidates([[5], [6]], "cache", 0);
  assertEquals([plan.rows, plan.length, plan.picks], [[], 0, []]);
});

Deno.test("planCandidates() starts an encoder's answers with the start symbol", () => {
  const plan = planCandidates([[5, 6], [7]], "encoder", 0);
  assertEquals(plan.rows, [[0, 5]]);
  assertEquals(plan.picks.map(({ position, token }) => [position, token]), [[0, 5], [1, 6], [
    0,
    7,
  ]]);
  assertEquals(plan.first, [undefined, undefined]);
});

Deno.test("planCandidates() refuses an empty list and an empty answer", () => {
  assertThrows(() => planCandidates([], "cache", 0), RangeError, "there is no candidate");
  assertThrows(() => planCandidates([[1], []], "cache", 0), RangeError, "candidate 1");
});
