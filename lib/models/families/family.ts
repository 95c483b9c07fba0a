/** Defines a family of models: how images enter the text, and the names of the parts. @module */
import type { Model } from "../../onnx/ir/model.ts";
import type { ImagePlan } from "../../vision/image_plan.ts";
import { type ModelPart, usualParts } from "../weight_types.ts";

/** A JSON object of a model directory, as parsed. */
export type Json = Readonly<Record<string, unknown>>;

/** How the text is produced. */
export type Architecture = "decoder-only" | "encoder-decoder";

/** What the rules of a family know. */
export interface ImageFacts {
  /** config.json */
  readonly config: Json;
  /** processor_config.json; empty if there is none. */
  readonly processor: Json;
  /** The settings of the image processor. */
  readonly preprocessor: Json;
  /** What the image processor does; absent where there is no image. */
  readonly plan?: ImagePlan;
  /** Rows of image features that the graph gives for an image, where it says so. */
  readonly rows?: number;
  /** Special tokens by their names in tokenizer_config.json: `image_token`, `boi_token`, … */
  readonly special: Readonly<Record<string, string>>;
  /** Text of the image token. */
  readonly image: string;
  tokenOf(id: number): string | undefined;
}

/** An image in a text. */
export interface WrittenImage {
  /** What a template writes for it. */
  readonly placeholder: string;
  /** What takes that place before the text is tokenised. */
  readonly text: string;
}

/** Types of tokens, for decoders that want `token_type_ids`. */
export interface TokenTypes {
  readonly image: number;
  readonly instruction: number;
  readonly answer: number;
}

/** What a decoder's prompt may depend on. */
export interface PromptFacts {
  readonly config: Json;
  /** Whether a text is one token. */
  isToken(text: string): boolean;
}

/** A text that a decoder reads before its answer. */
export interface DecoderPrompt {
  readonly text: string;
  /** Whether the start symbol comes first. */
  readonly afterStart: boolean;
}

/** Reads a graph of the directory. */
export type ReadFile = (part: ModelPart) => Promise<Model>;

/** Makes a part of the graphs that are there, and of processor_config.json. */
export type MakePart = (read: ReadFile, processor: Json) => Promise<Model>;

/** Usual parts that a directory lacks, made of the graphs that it has. */
export type MadeParts = Readonly<Partial<Record<ModelPart, MakePart>>>;

/** Rows of `made_parts.ts`, and the graphs of which they make the usual parts. */
const filesOfMade = {
  /** As optimum exports `vision-encoder-decoder`. */
  "image-to-text": ["encoder_model", "decoder_model_merged"],
  "multi-modality": ["prepare_inputs_embeds", "language_model", "lm_head"],
  "prepared-embeddings": ["vision_encoder", "prepare_inputs_embeds", "model"],
} as const satisfies Readonly<Record<string, readonly ModelPart[]>>;

/** A row of `made_parts.ts`. */
export type MadePartsName = keyof typeof filesOfMade;

/** One row of the table of families. */
export interface Family {
  /** `model_type`s in config.json that this row serves. */
  readonly modelTypes: readonly string[];
  /** Default: decoder-only. */
  architecture?(config: Json): Architecture;
  /**
   * Set if the directory does not have the usual graphs: the row of `made_parts.ts` that makes them.
   * A name, so that families can be listed without loading what works on graphs.
   */
  readonly parts?: MadePartsName;
  /** The image processor, if the files do not name a known one. */
  readonly processorType?: string;
  /** Settings that the processor passes to its image processor; they override that one's file. */
  processorSettings?(processor: Json): Json;
  /** Text of the image token, if config.json and the tokenizer do not give it; default `<image>`. */
  readonly imageToken?: string;
  /** Rows of image features per image by the processor's rule, if its files give them. */
  imageTokens?(facts: ImageFacts): number | undefined;
  /** The same from config.json, if neither the processor's files nor the graph give them. */
  likelyImageTokens?(facts: ImageFacts): number | undefined;
  /** How an image is written; default: the image token, once for each row of image features. */
  writtenImage?(facts: ImageFacts): WrittenImage | undefined;
  /**
   * Whether the placeholders come before the text and its start symbol, are in the text, or are not
   * in the ids at all: then the features come before the text's embeddings, or there is no text.
   */
  readonly placement: "before-text" | "in-text" | "before-embeddings" | "without-text";
  /**
   * The text of an instruction where the directory has no chat template; `image` is the written
   * form of one placeholder, used by families with placeholders in the text, `start` that of the
   * start symbol, used where it is the processor that writes it and not the tokenizer.
   */
  text(instruction: string, image: string, start: string): string;
  /** What the decoder reads before an answer, if an instruction asks for more than the start symbol. */
  decoderPrompt?(instruction: string, facts: PromptFacts): DecoderPrompt | undefined;
  /** Whether the answers of an encoder-decoder have no special tokens but the end symbol. */
  bareAnswers?(config: Json): boolean;
  /** Rewrites an instruction as the processor does before it tokenizes it. */
  instruction?(instruction: string, preprocessor: Json): string;
  /** Whether the vision encoder reads the instruction as well (`qformer_input_ids`). */
  readonly readsInstruction?: boolean;
  /** Position of the first token, default 0. */
  readonly firstPosition?: number;
  readonly tokenTypes?: TokenTypes;
  /**
   * Whether the tokens of a pass without a past see each other both ways where the decoder takes no
   * `token_type_ids`: then answers are read in a pass of their own.
   */
  readonly seesBothWays?: boolean;
}

/** The graphs that a directory of the family has to have. */
export function filesOf({ parts, architecture }: Family, config: Json): readonly ModelPart[] {
  if (parts !== undefined) return filesOfMade[parts];
  return architecture?.(config) === "encoder-decoder"
    ? [...usualParts, "encoder_model"]
    : usualParts;
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
