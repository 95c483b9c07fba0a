/**
 * Trains byte-pair vocabularies (arXiv 1508.07909) and writes them as Hugging Face `tokenizer.json`.
 * Both styles cover every text: the byte-level one of GPT-2, and the word-mark one of Llama with
 * bytes as its last resort. Texts are lowercased: the models are too small to learn letters twice.
 *
 * @module
 */

/** How words are marked and unknown letters written. */
export type TokenizerStyle = "byte-level" | "metaspace";

/** What a tokenizer is trained on and how far. */
export interface TokenizerOptions {
  readonly style: TokenizerStyle;
  /** Lines of text; a word in more lines is merged earlier. */
  readonly corpus: readonly string[];
  /** Number of merges at most. */
  readonly merges: number;
  /** Special tokens, which get the first ids in this order. */
  readonly special: readonly string[];
  /** Texts begin with this token unless special tokens are switched off. */
  readonly bos?: string;
  /** Texts end with this token unless special tokens are switched off. */
  readonly eos?: string;
}

/** The content of a `tokenizer.json`. */
export interface TokenizerFile {
  readonly [key: string]: unknown;
  readonly model: {
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (readonly [string, string])[];
    readonly [key: string]: unknown;
  };
}

interface StyleRow {
  /** A lowercased line as the words that merges stay inside of. */
  words(line: string): readonly string[];
  /** Tokens that are there before any merge. */
  alphabet(words: Iterable<string>): readonly string[];
  readonly preTokenizer: unknown;
  readonly decoder: unknown;
  readonly model: Readonly<Record<string, unknown>>;
}

const gpt2Words = /'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
const mark = "▁";

/** GPT-2's table of bytes as printable letters: printable ones represent themselves. */
function byteLetters(): readonly string[] {
  const plain = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(plain(byte) ? byte : next++));
}

function toByteLetters(word: string): string {
  const letters = byteLetters();
  return [...new TextEncoder().encode(word)].map((byte) => letters[byte]!).join("");
}

function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

const byteLevel = {
  type: "ByteLevel",
  add_prefix_space: true,
  trim_offsets: true,
  use_regex: true,
};

const styles: Readonly<Record<TokenizerStyle, StyleRow>> = {
  "byte-level": {
    words: (line) => (` ${line}`.match(gpt2Words) ?? []).map(toByteLetters),
    alphabet: byteLetters,
    preTokenizer: byteLevel,
    decoder: byteLevel,
    model: { unk_token: null, byte_fallback: false },
  },
  metaspace: {
    words: (line) => line.split(" ").filter((word) => word !== "").map((word) => mark + word),
    alphabet: (words) => {
      const letters = new Set([mark]);
      for (const word of words) for (const letter of word) letters.add(letter);
      return [...Array.from({ length: 256 }, (_, byte) => byteToken(byte)), ...[...letters].sort()];
    },
    preTokenizer: { type: "Metaspace", replacement: mark, prepend_scheme: "always", split: true },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: mark }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: { unk_token: "<unk>", byte_fallback: true },
  },
};

interface Word {
  readonly count: number;
  pieces: readonly string[];
}

/** The commonest pair of neighbours; of equals the one that sorts first. */
function commonestPair(words: readonly Word[]): readonly [string, string] | undefined {
  const counts = new Map<string, number>();
  for (const { count, pieces } of words) {
    for (let i = 0; i + 1 < pieces.length; i++) {
      const pair = `${pieces[i]} ${pieces[i + 1]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  let best: string | undefined;
  for (const [pair, count] of counts) {
    const most = best === undefined ? 1 : counts.get(best)!;
    if (count > most || (count === most && best !== undefined && pair < best)) best = pair;
  }
  return best?.split(" ") as [string, string] | undefined;
}

function mergePair(pieces: readonly string[], [left, right]: readonly [string, string]): string[] {
  const merged: string[] = [];
  for (const piece of pieces) {
    const joins = piece === right && merged.at(-1) === left && merged.length > 0;
    if (joins) merged[merged.length - 1] = left + right;
    else merged.push(piece);
  }
  return merged;
}

/** Learns merges; a pair that occurs once is not worth a token. */
function learnMerges(counts: ReadonlyMap<string, number>, most: number): [string, string][] {
  const words: Word[] = [...counts].map(([word, count]) => ({ count, pieces: [...word] }));
  const merges: [string, string][] = [];
  while (merges.length < most) {
    const pair = commonestPair(words);
    if (pair === undefined) break;
    merges.push([...pair]);
    for (const word of words) {
      if (word.pieces.includes(pair[0])) word.pieces = mergePair(word.pieces, pair);
    }
  }
  return merges;
}

function countWords(corpus: readonly string[], row: StyleRow): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of corpus) {
    for (const word of row.words(line.toLowerCase())) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

function addedToken(content: string, id: number): unknown {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return { id, content, ...flags, special: true };
}

/** What is put around a text; null for nothing. */
function template(
  { bos, eos }: TokenizerOptions,
  vocab: Readonly<Record<string, number>>,
): unknown {
  const symbols = [bos, eos].filter((token) => token !== undefined);
  if (symbols.length === 0) return null;
  const special = (token: string | undefined, type: number) =>
    token === undefined ? [] : [{ SpecialToken: { id: token, type_id: type } }];
  const sequence = (name: string, type: number) => ({ Sequence: { id: name, type_id: type } });
  const single = [...special(bos, 0), sequence("A", 0), ...special(eos, 0)];
  return {
    type: "TemplateProcessing",
    single,
    pair: [...single, sequence("B", 1), ...special(eos, 1)],
    special_tokens: Object.fromEntries(
      symbols.map((token) => [token, { id: token, ids: [vocab[token]!], tokens: [token] }]),
    ),
  };
}

/**
 * Trains a tokenizer.
 *
 * @example
 * ```ts
 * const file = trainTokenizer({
 *   style: "byte-level",
 *   corpus: ["a red bird", "a red ship"],
 *   merges: 10,
 *   special: ["<pad>", "</s>"],
 * });
 * ```
 */
export function trainTokenizer(options: TokenizerOptions): TokenizerFile {
  const row = styles[options.style];
  const counts = countWords(options.corpus, row);
  const merges = learnMerges(counts, options.merges);
  const tokens = new Set([
    ...options.special,
    ...row.alphabet(counts.keys()),
    ...merges.map(([left, right]) => left + right),
  ]);
  const vocab = Object.fromEntries([...tokens].map((token, id) => [token, id]));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: options.special.map(addedToken),
    normalizer: { type: "Lowercase" },
    pre_tokenizer: row.preTokenizer,
    post_processor: template(options, vocab),
    decoder: row.decoder,
    model: {
      type: "BPE",
      dropout: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      ...row.model,
      vocab,
      merges,
    },
  };
}
