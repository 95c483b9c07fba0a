/** The text side of a model directory without graphs: words are tokens. @module */
import { join } from "@std/path";
import type { LanguageModelDirectory } from "../../lib/models/directory.ts";
import type { Json } from "../../lib/models/families/family.ts";
import { familyOf } from "../../lib/models/families/family_table.ts";
import { openTokenizer } from "../../lib/models/tokenize.ts";

const special = ["<unk>", "<s>", "</s>", "<|user|>", "<|end|>", "<image>"];

/** All tokens, at the place of their number. */
export const vocabulary: readonly string[] = [...special, ..."What is it ? yes".split(" ")];

/** tokenizer.json of the vocabulary; tokens in `< >` are special. */
export const tokenizerFile = {
  version: "1.0",
  added_tokens: special.map((content, id) => ({ id, content, special: true, normalized: false })),
  normalizer: null,
  pre_tokenizer: { type: "WhitespaceSplit" },
  post_processor: null,
  decoder: null,
  model: {
    type: "WordLevel",
    vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
    unk_token: "<unk>",
  },
};

/** tokenizer_config.json of the vocabulary. */
export const tokenizerConfig = { bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>" };

/** Files of a directory by name: texts as they are, others as JSON. */
export type TextFiles = Readonly<Record<string, unknown>>;

/** Runs a test on a folder with these files, in addition to those of the tokenizer. */
export async function withTextFiles(
  files: TextFiles,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const all = {
    "tokenizer.json": tokenizerFile,
    "tokenizer_config.json": tokenizerConfig,
    ...files,
  };
  try {
    for (const [name, content] of Object.entries(all)) {
      const path = join(folder, name);
      await Deno.mkdir(join(path, ".."), { recursive: true });
      const text = typeof content === "string" ? content : JSON.stringify(content);
      await Deno.writeTextFile(path, text);
    }
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A directory of which only the text side can be opened. */
export function textDirectory(
  path: string,
  files: { readonly config?: Json; readonly generation?: Json } = {},
): LanguageModelDirectory {
  const config = {
    model_type: "llava",
    image_token_index: 5,
    image_seq_length: 2,
    ...files.config,
  };
  const pixels = { kind: "tensor", dtype: "float32", dims: ["batch", 3, "height", "width"] };
  const graph = {
    name: "g",
    inputs: [{ name: "pixel_values", type: pixels }],
    outputs: [],
    nodes: [],
    initializers: new Map(),
    values: new Map(),
  };
  return {
    path,
    name: "zoo/x",
    config,
    generation: files.generation ?? {},
    processor: {},
    preprocessor: {},
    family: familyOf(config, path),
    warnings: [],
    tokenizer: () => openTokenizer(path),
    has: () => false,
    partPath: (part) => part,
    readPart: () => Promise.resolve({ graph, opset: 18, domains: {}, functions: [] } as never),
  };
}
