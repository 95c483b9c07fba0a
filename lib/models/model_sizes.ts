/** The sizes that a composed graph is made for. @module */
import type { ImageLayout } from "./image_layout.ts";

/** What of a {@linkcode ImageLayout} a composed graph depends on. */
export type ImageSizes = Pick<ImageLayout, "dims" | "encoder">;

/** Sizes of a composed graph. Known sizes let every shape computation be folded away. */
export interface ModelSizes {
  readonly batch: number;
  /** Length of `input_ids`, placeholders included. */
  readonly sequence: number;
  /** Rows of image features per image. */
  readonly imageTokens: number;
  /** Encoder-decoder models: length of `decoder_input_ids`. */
  readonly answer?: number;
  /** Length of `qformer_input_ids`, where a Q-Former reads the instruction. */
  readonly qformer?: number;
  /**
   * First placeholder, where it is the same in every row: features are then concatenated with the
   * text. Otherwise they are scattered to the positions given by the input `image_index`.
   */
  readonly imageStart?: number;
  /** Rows of image features of the whole batch, where that is not batch · imageTokens. */
  readonly imageRows?: number;
  /** How images reach the encoder; default: as whole ones of the shape that it declares. */
  readonly image?: ImageSizes;
  /** Shapes of inputs that are not named above, or that differ from what is said there. */
  readonly inputDims?: Readonly<Record<string, readonly number[]>>;
}
