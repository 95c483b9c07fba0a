/** The loss graph for given texts, and what to feed it for any of them. @module */
import type { Model } from "../onnx/ir/model.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { answersApart } from "./compose_apart.ts";
import { composeLoss, lossFeeds } from "./compose_loss.ts";
import type { ImageSizes } from "./compose_model.ts";
import type { LanguageModelDirectory } from "./directory.ts";
import type { InstructionEncoder } from "./instruction_text.ts";
import { promptExcess, type TextRow, toTextBatch } from "./text_batch.ts";

/** How the graph is built. */
export interface PrepareOptions {
  readonly batch: number;
  readonly image?: ImageSizes;
  /** Shapes of inputs that are the model's own. */
  readonly inputDims?: Readonly<Record<string, readonly number[]>>;
  /** Adds the output `logits`; costs the head at every position. */
  readonly logits?: boolean;
}

/** A loss graph and its feeds. */
export interface PreparedLoss {
  readonly model: Model;
  /** What a batch of texts, by their numbers, feeds besides the pixels. */
  feeds(rows: readonly number[]): Record<string, Tensor>;
  /** Where the logits of answers begin: behind the instruction, or at the first of an own pass. */
  firstLogit(row: number): number;
}

const longest = (rows: readonly TextRow[], length: (row: TextRow) => number) =>
  rows.reduce((most, row) => Math.max(most, length(row)), 0);

/** First placeholder, if those of the image are side by side, in the same place in every row. */
function sharedStart(rows: readonly TextRow[], { imageToken, imageTokens }: InstructionEncoder) {
  const starts = new Set(rows.map(({ instruction }) => {
    const start = instruction.indexOf(imageToken);
    const joined = instruction.lastIndexOf(imageToken) - start + 1 === imageTokens;
    return joined ? start : undefined;
  }));
  return starts.size === 1 ? [...starts][0] : undefined;
}

/**
 * Prepares a loss graph. Every batch is padded to the longest of the texts, so that one graph with
 * known sizes serves all.
 *
 * @param rows Instructions with placeholders, and answers with their end symbol.
 */
export async function prepareLoss(
  directory: LanguageModelDirectory,
  text: InstructionEncoder,
  rows: readonly TextRow[],
  { batch, image, inputDims, logits = false }: PrepareOptions,
): Promise<PreparedLoss> {
  const encoderDecoder = directory.has("encoder_model");
  const apart = !encoderDecoder && await answersApart(directory);
  const separate = encoderDecoder || apart;
  const answer = longest(rows, (row) => promptExcess(row) + row.answer.length);
  const sequence = longest(
    rows,
    (row) => row.instruction.length + (separate ? 0 : row.answer.length),
  );
  const imageStart = sharedStart(rows, text);
  const qformer = longest(rows, (row) => row.qformer?.length ?? 0);
  const model = await composeLoss(directory, {
    batch,
    sequence,
    imageTokens: text.imageTokens,
    ...(imageStart === undefined ? {} : { imageStart }),
    ...(separate ? { answer } : {}),
    ...(apart ? { apart } : {}),
    ...(qformer ? { qformer } : {}),
    ...(image === undefined ? {} : { image }),
    ...(inputDims === undefined ? {} : { inputDims }),
    ...(logits ? { logits } : {}),
  });
  return {
    model,
    firstLogit: (row) => separate ? promptExcess(rows[row]!) : rows[row]!.instruction.length - 1,
    feeds: (picks) => {
      const texts = toTextBatch(picks.map((row) => rows[row]!), {
        padToken: text.padToken,
        length: sequence,
        answerLength: answer,
        qformerLength: qformer,
        apart,
        ...(encoderDecoder ? { startToken: text.startToken } : {}),
      });
      return lossFeeds(model, texts, text);
    },
  };
}
