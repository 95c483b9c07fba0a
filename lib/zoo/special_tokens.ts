/** Special tokens of the zoo's vocabularies, as configurations name them. @module */
import type { TokenizerFile } from "./byte_pair_tokenizer.ts";
import type { DecoderKind } from "./decoders.ts";
import type { EncoderDecoderSizes } from "./encoder_decoder.ts";

/** Special tokens of a vocabulary, in the order of their ids, and the roles they play. */
export interface SpecialTokens {
  readonly tokens: readonly string[];
  /** Absent where texts have no start symbol; then they end with `eos`. */
  readonly bos?: string;
  readonly eos: string;
  readonly pad: string;
  readonly unk: string;
  readonly image: string;
}

/** Kind of a language model. */
export type LanguageKind = DecoderKind | EncoderDecoderSizes["kind"];

/** Longest sequence of the zoo's language models. */
export const maxPositions = 128;

/** Special tokens as the published models of each kind have them. */
export const specialTokens: Readonly<Record<LanguageKind, SpecialTokens>> = {
  llama: {
    tokens: ["<unk>", "<s>", "</s>", "<pad>", "<image>"],
    bos: "<s>",
    eos: "</s>",
    pad: "<pad>",
    unk: "<unk>",
    image: "<image>",
  },
  opt: {
    tokens: ["<s>", "<pad>", "</s>", "<unk>", "<image>"],
    bos: "</s>",
    eos: "</s>",
    pad: "<pad>",
    unk: "<unk>",
    image: "<image>",
  },
  gpt2: {
    tokens: ["<|endoftext|>", "<|pad|>", "<image>"],
    bos: "<|endoftext|>",
    eos: "<|endoftext|>",
    pad: "<|pad|>",
    unk: "<|endoftext|>",
    image: "<image>",
  },
  t5: {
    tokens: ["<pad>", "</s>", "<unk>", "<image>"],
    eos: "</s>",
    pad: "<pad>",
    unk: "<unk>",
    image: "<image>",
  },
};

/** The ids of special tokens, as config.json and generation_config.json have them. */
export function tokenIds(tokenizer: TokenizerFile, special: SpecialTokens) {
  const id = (token: string) => tokenizer.model.vocab[token]!;
  const pad = id(special.pad);
  return {
    // Where texts have no start symbol, answers start with the padding symbol, as in T5.
    ...(special.bos === undefined
      ? { decoder_start_token_id: pad }
      : { bos_token_id: id(special.bos) }),
    eos_token_id: id(special.eos),
    pad_token_id: pad,
  };
}

/** tokenizer_config.json. */
export function tokenizerConfig(special: SpecialTokens): unknown {
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    ...(special.bos === undefined ? {} : { bos_token: special.bos }),
    eos_token: special.eos,
    pad_token: special.pad,
    unk_token: special.unk,
    extra_special_tokens: [special.image],
    model_max_length: maxPositions,
    clean_up_tokenization_spaces: false,
  };
}
