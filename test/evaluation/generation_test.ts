import { assert, assertEquals } from "@std/assert";
import { openGenerator } from "../../lib/evaluation/generation.ts";
import { openScorer } from "../../lib/evaluation/likelihood.ts";
import { bindPast } from "../../lib/models/compose_model.ts";
import type { LanguageModelDirectory } from "../../lib/models/directory.ts";
import type { GenerationSettings } from "../../lib/models/generation_settings.ts";
import type { InstructionEncoder } from "../../lib/models/instruction_text.ts";
import { mergedDecoder, openRecorded, randomPixels, withDecoder } from "../models/rig.ts";

const session = { provider: "cpu", threads: 1 } as const;
const vocabulary = 96;

/** Texts are lists of ids, so that random models may say anything. */
function idsAsText(text: InstructionEncoder): InstructionEncoder {
  return {
    ...text,
    endToken: -1,
    answer: (ids) => ids.split(" ").map(Number),
    decode: (ids) => ids.join(" "),
  };
}

function instructionsOf(text: InstructionEncoder, prompts?: readonly (readonly number[])[]) {
  const image = new Array<number>(text.imageTokens).fill(text.imageToken);
  return [[50, 51, 52], [60]].map((ids, row) => ({
    ids: [1, ...image, ...ids],
    qformerIds: [40],
    ...(prompts === undefined ? {} : { prompt: prompts[row]! }),
  }));
}

async function generate(
  directory: LanguageModelDirectory,
  text: InstructionEncoder,
  maxTokens: number,
  settings: GenerationSettings = {},
): Promise<readonly string[]> {
  const instructions = instructionsOf(text);
  await using generator = await openGenerator({
    directory,
    text,
    batch: 2,
    instructionLength: Math.max(...instructions.map(({ ids }) => ids.length)),
    qformerLength: 1,
    maxTokens,
    settings,
    session,
  });
  return await generator.generate(randomPixels(2), instructions);
}

/** The most likely continuation by one token, from the scores of all tokens. */
async function maxLikely(
  directory: LanguageModelDirectory,
  text: InstructionEncoder,
  beginnings: readonly string[],
): Promise<string[]> {
  const instructions = instructionsOf(text);
  const said = beginnings.map((beginning) => beginning === "" ? [] : beginning.split(" "));
  const next: string[] = [];
  for (const [row, words] of said.entries()) {
    const candidates = Array.from(
      { length: vocabulary },
      (_, id) => [...words, String(id)].join(" "),
    );
    await using scorer = await openScorer({
      directory,
      text,
      candidates,
      batch: 2,
      instructionLength: Math.max(...instructions.map(({ ids }) => ids.length)),
      qformerLength: 1,
      session,
    });
    const scores = (await scorer.score(randomPixels(2), instructions))[row]!;
    next.push(candidates[scores.indexOf(Math.max(...scores))]!);
  }
  return next;
}

/** Log-probabilities of answers to one of the instructions. */
async function likelihoods(
  directory: LanguageModelDirectory,
  text: InstructionEncoder,
  row: number,
  answers: readonly string[],
): Promise<readonly number[]> {
  const instructions = instructionsOf(text);
  await using scorer = await openScorer({
    directory,
    text,
    candidates: answers,
    batch: 2,
    instructionLength: Math.max(...instructions.map(({ ids }) => ids.length)),
    qformerLength: 1,
    session,
  });
  const scores = (await scorer.score(randomPixels(2), instructions))[row]!;
  return scores.map((score, i) => score * answers[i]!.split(" ").length);
}

for (const name of ["llava", "blip2_dynamo", "instructblip_t5_dynamo"]) {
  Deno.test(`openGenerator() takes the most likely token at each step of ${name}`, async () => {
    const { directory, text: words } = await openRecorded(name);
    const text = idsAsText(words);
    const answers = await generate(directory, text, 3);
    let expected = ["", ""];
    for (let i = 0; i < 3; i++) expected = await maxLikely(directory, text, expected);
    assertEquals(answers, expected);
  });
}

Deno.test("openGenerator() goes on from what a decoder has read, also with beams", async () => {
  const { directory, text: words } = await openRecorded("instructblip_t5_dynamo");
  const text = idsAsText(words);
  const prompts = [[0, 50, 51], [7, 60, 61]];
  const instructions = instructionsOf(text, prompts);
  const sizes = {
    instructionLength: Math.max(...instructions.map(({ ids }) => ids.length)),
    qformerLength: 1,
  };
  const base = { directory, text, batch: 2, ...sizes, session };
  await using scorer = await openScorer({
    ...base,
    candidates: Array.from({ length: vocabulary }, (_, id) => String(id)),
    promptLength: 3,
  });
  const scores = await scorer.score(randomPixels(2), instructions);
  const likeliest = scores.map((row) => String(row.indexOf(Math.max(...row))));
  for (const settings of [{}, { num_beams: 2 }]) {
    await using generator = await openGenerator({ ...base, maxTokens: 1, settings });
    assertEquals(await generator.generate(randomPixels(2), instructions), likeliest);
  }
});

Deno.test("openGenerator() says the same with a decoder that takes no past", async () => {
  const { directory, text: words } = await openRecorded("llava");
  const text = idsAsText(words);
  const plain = withDecoder(directory, (decoder) => bindPast(decoder, 2));
  assertEquals(await generate(plain, text, 4), await generate(directory, text, 4));
});

for (const name of ["llava", "instructblip_t5_dynamo"]) {
  Deno.test(`openGenerator() says the same with a merged decoder of ${name}`, async () => {
    const { directory, text: words } = await openRecorded(name);
    const text = idsAsText(words);
    const merged = withDecoder(directory, (decoder) => mergedDecoder(decoder, 2));
    assertEquals(await generate(merged, text, 4), await generate(directory, text, 4));
    assertEquals(
      await maxLikely(merged, text, ["7 8", "9"]),
      await maxLikely(directory, text, ["7 8", "9"]),
    );
  });
}

Deno.test("openGenerator() stops each row at any of the end symbols", async () => {
  const { directory, text: words } = await openRecorded("llava");
  const text = idsAsText(words);
  const [first] = (await generate(directory, text, 2)).map((answer) => answer.split(" "));
  const [before, end] = first!.map(Number);
  for (const endTokens of [[end!], [-7, end!], [end!, -7]]) {
    const stopped = await generate(directory, { ...text, endTokens: new Set(endTokens) }, 4);
    assertEquals(stopped[0], String(before));
    assert(stopped.every((answer) => !answer.split(" ").includes(String(end))));
  }
});

for (const name of ["llava", "blip2_dynamo", "instructblip_t5_dynamo"]) {
  Deno.test(`openGenerator() keeps beams of ${name} apart, with a past and without`, async () => {
    const { directory, text: words } = await openRecorded(name);
    const text = idsAsText(words);
    const settings = { num_beams: 3, length_penalty: 0 };
    const answers = await generate(directory, text, 4, settings);
    for (const [row, answer] of answers.entries()) {
      const [greedy] = (await generate(directory, text, 4)).slice(row);
      const [found, first] = await likelihoods(directory, text, row, [answer, greedy!]);
      assert(found! >= first! - 1e-5, `${answer} is less likely than ${greedy}`);
    }
    if (name !== "llava") return;
    const plain = withDecoder(directory, (decoder) => bindPast(decoder, 2));
    assertEquals(await generate(plain, text, 4, settings), answers);
  });
}

Deno.test("openGenerator() ends an answer before a text that ends it", async () => {
  const { directory, text: words } = await openRecorded("llava");
  const text = idsAsText(words);
  const [whole] = await generate(directory, text, 5);
  const [, second, third] = whole!.split(" ");
  for (const num_beams of [1, 2]) {
    const settings = { num_beams, stop_strings: [`${second} ${third}`] };
    const [answer] = await generate(directory, text, 5, settings);
    assertEquals(answer!.includes(`${second} ${third}`), false);
  }
  const settings = { stop_strings: [`${second} ${third}`] };
  assertEquals((await generate(directory, text, 5, settings))[0], whole!.split(" ")[0]);
});
