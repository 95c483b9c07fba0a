/** Opens all that a model is made of, without running it. @module */
import { type DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";
import { BuildError } from "../onnx/build/builder.ts";
import type { Model } from "../onnx/ir/model.ts";
import { composed as outputs, composeModel } from "./compose_model.ts";
import {
  directoryOptions,
  type LanguageModelDirectory,
  type NamedModel,
  openClipDirectory,
  openModelDirectory,
  readModelType,
} from "./directory.ts";
import { filesOf } from "./families/family.ts";
import { layImage } from "./image_layout.ts";
import { openTextEncoder } from "./instruction_text.ts";
import type { ModelSizes } from "./model_sizes.ts";
import { embeddingRows } from "./token_embeddings.ts";
import type { ModelPart } from "./weight_types.ts";

/** What the model is tried with: a square image of the usual size, and a short question. */
const example = { image: { height: 224, width: 224 }, instruction: "What is this?", answer: "cat" };

/**
 * Finds what would keep a model from reading an image and a text: files that are missing or broken,
 * graphs that do not fit each other, image tokens that do not match the image features.
 *
 * @throws {DiagnosticError} That says what it is.
 */
export async function tryModel(model: NamedModel): Promise<void> {
  const options = directoryOptions(model);
  if (await readModelType(model.path, model.name) === "clip") {
    const clip = await openClipDirectory(model.path, options);
    await clip.readPart("vision_model");
    return;
  }
  const directory = remembering(await openModelDirectory(model.path, options));
  const { family, config } = directory;
  for (const part of filesOf(family, config)) await directory.readPart(part);
  await tryText(directory);
}

/** The directory that reads each part once: several steps look at the same graphs. */
function remembering(directory: LanguageModelDirectory): LanguageModelDirectory {
  const known = new Map<ModelPart, Promise<Model>>();
  return {
    ...directory,
    readPart: (part) => {
      const reading = known.get(part) ?? directory.readPart(part);
      known.set(part, reading);
      return reading;
    },
  };
}

async function tryText(directory: LanguageModelDirectory): Promise<void> {
  const image = await layImage(directory, example.image);
  const text = await openTextEncoder(directory, image);
  const { ids, qformerIds } = text.instruction(example.instruction);
  const answer = [...text.answer(example.answer), text.endToken];
  const { imageTokens } = text;
  const [sequence, qformer] = [ids.length, qformerIds.length];
  const whole = await composed(directory, {
    batch: 1,
    sequence,
    imageTokens,
    answer: 1,
    qformer,
    image,
  });
  const rows = embeddingRows(await directory.readPart("embed_tokens"));
  const vision = await directory.readPart("vision_encoder");
  const asked = embeddingRows(vision, "qformer_input_ids");
  const words = logitsOf(whole);
  const problems = [
    beyond(ids, rows, "looks tokens up in a table of"),
    beyond(qformerIds, asked, "looks tokens of its Q-Former up in a table of"),
    beyond(answer, words, "predicts one token of"),
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0) throw unfit(directory, problems.join("; "));
}

async function composed(directory: LanguageModelDirectory, sizes: ModelSizes): Promise<Model> {
  try {
    return await composeModel(directory, sizes);
  } catch (error) {
    // It says which parts do not fit each other; any other error would be a fault of this program.
    if (!(error instanceof BuildError)) throw error;
    throw unfit(directory, error.message);
  }
}

/** How many tokens the decoder can predict, if its shape tells. */
function logitsOf({ graph }: Model): number | undefined {
  const type = graph.outputs.find(({ name }) => name === outputs.logits)?.type;
  const count = type?.kind === "tensor" ? type.dims?.at(-1) : undefined;
  return typeof count === "number" ? count : undefined;
}

function beyond(ids: readonly number[], count: number | undefined, work: string) {
  const largest = ids.reduce((most, id) => Math.max(most, id), 0);
  if (count === undefined || largest < count) return undefined;
  return `it ${work} ${count}, but its tokenizer gives token ${largest}`;
}

function unfit({ name }: LanguageModelDirectory, cause: string): DiagnosticError {
  return diagnosticError("model-unreadable", `Cannot use model "${name}": ${cause}`, [
    "its tokenizer.json, its config.json and its graphs may belong to different models",
  ]);
}
