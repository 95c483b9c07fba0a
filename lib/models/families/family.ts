/** What a family of models is: how pictures enter the text, and what the parts are called. @module */

/** A JSON object of a model directory, as parsed. */
export type Json = Readonly<Record<string, unknown>>;

/** How the text is produced. */
export type Architecture = "decoder-only" | "encoder-decoder";

/** A picture in a text. */
export interface WrittenPicture {
  /** What a template writes for it. */
  readonly placeholder: string;
  /** What takes that place before the text is tokenised. */
  expand(image: string, rows: number): string;
}

/** One row of the table of families. */
export interface Family {
  /** `model_type`s in config.json that this row serves. */
  readonly modelTypes: readonly string[];
  architecture(config: Json): Architecture;
  /** Id of the token whose embeddings the image features replace, in order. */
  imageToken(config: Json): number | undefined;
  /** Rows of image features per picture, where config.json says so. */
  imageTokens(config: Json): number | undefined;
  /** Whether the placeholders come before the text and its start symbol, or stand in the text. */
  readonly placement: "before-text" | "in-text";
  /**
   * The text of an instruction where the directory has no chat template; `image` is the written
   * form of one placeholder, used by families with placeholders in the text, `start` that of the
   * start symbol, used where it is the processor that writes it and not the tokenizer.
   */
  text(instruction: string, image: string, start: string): string;
  /** How a picture is written; default: one image token, which stands for all. */
  picture?(config: Json, tokenOf: (id: number) => string | undefined): WrittenPicture | undefined;
  /** Whether the vision encoder reads the instruction as well (`qformer_input_ids`). */
  readonly readsInstruction: boolean;
}

/** A number in a JSON object, or undefined. */
export function numberIn(config: Json, ...keys: readonly string[]): number | undefined {
  for (const key of keys) {
    const value = config[key];
    if (typeof value === "number") return value;
  }
  return undefined;
}

/** A nested object of a JSON object; empty where there is none. */
export function objectIn(config: Json, key: string): Json {
  const value = config[key];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Json : {};
}
