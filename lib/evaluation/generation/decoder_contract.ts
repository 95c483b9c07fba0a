/** Defines how a model is run token by token, with several independent rows for each image. @module */
import type { ImageSizes } from "../../models/compose_model.ts";
import type { LanguageModelDirectory } from "../../models/directory.ts";
import type { InstructionEncoder } from "../../models/instruction_text.ts";
import type { TextBatch } from "../../models/text_batch.ts";
import type { SessionOptions } from "../../runtime/session.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { NextTokens } from "./token_search.ts";

/** What a decoder is opened for. */
export interface RunOptions {
  readonly directory: LanguageModelDirectory;
  readonly text: InstructionEncoder;
  /** How the images reach the vision encoder; default: as whole ones. */
  readonly image?: ImageSizes;
  /** Images per run. */
  readonly batch: number;
  /** Rows for each image, side by side. */
  readonly copies: number;
  /** Whether the likeliest token of each row is all that is looked at. */
  readonly likeliest: boolean;
  /** Length of the longest instruction, placeholders included. */
  readonly instructionLength: number;
  readonly qformerLength?: number;
  /** Longest answer in tokens. */
  readonly maxTokens: number;
  readonly session?: SessionOptions;
}

/** What one run leaves: the scores of the next token, and what the run after it builds on. */
export interface Step {
  /** [rows, vocabulary]; where nothing else is looked at, int64 [rows]: the likeliest tokens. */
  readonly scores: Tensor;
  readonly past: Readonly<Record<string, Tensor>>;
}

/** Runs a model token by token. */
export interface DecoderRuns extends AsyncDisposable {
  /**
   * Reads images and instructions.
   *
   * @param prompts Of a decoder of answers: what it reads first, in all rows as many tokens.
   */
  start(
    pixels: Tensor,
    batch: TextBatch,
    lengths: readonly number[],
    prompts: readonly (readonly number[])[],
  ): Promise<Step>;
  /** Reads one more token of each row. */
  next(step: Step, next: NextTokens): Promise<Step>;
}
