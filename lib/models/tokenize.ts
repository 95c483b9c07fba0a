/** Text to token ids and back, from tokenizer.json and tokenizer_config.json. @module */
import { join } from "@std/path";
import { DiagnosticError } from "../diagnostic/diagnostic.ts";

/** A tokenizer. */
export interface TextTokenizer {
  /** Ids of a text. @param special Whether start and end symbols are added; default false. */
  encode(text: string, special?: boolean): readonly number[];
  /** Text of ids, without special tokens. */
  decode(ids: readonly number[]): string;
  idOf(token: string): number | undefined;
  tokenOf(id: number): string | undefined;
  /** What stands between an instruction and its answer: a space, where words carry theirs in front. */
  readonly separator: string;
  /** tokenizer_config.json. */
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Opens the tokenizer of a model directory.
 *
 * @param folder Folder inside the directory, such as `qformer_tokenizer`.
 * @throws {DiagnosticError} If tokenizer.json is missing or cannot be read.
 */
export async function openTokenizer(directory: string, folder = ""): Promise<TextTokenizer> {
  const path = join(directory, folder, "tokenizer.json");
  const definition = await readJson(path);
  if (definition === undefined) {
    throw unreadable(path, "it is missing", "A model needs tokenizer.json to read text");
  }
  const config = await readJson(join(directory, folder, "tokenizer_config.json")) ?? {};
  const { Tokenizer } = await import("@huggingface/tokenizers");
  try {
    return wrap(new Tokenizer(definition, config), definition, config);
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error));
  }
}

type Definition = Readonly<Record<string, unknown>>;

function wrap(
  tokenizer: import("@huggingface/tokenizers").Tokenizer,
  definition: Definition,
  config: Definition,
): TextTokenizer {
  return {
    encode: (text, special = false) => tokenizer.encode(text, { add_special_tokens: special }).ids,
    // The tokenizer refuses an empty answer; models give one where the first token is the end.
    decode: (ids) =>
      ids.length === 0 ? "" : tokenizer.decode([...ids], { skip_special_tokens: true }),
    idOf: (token) => tokenizer.token_to_id(token),
    tokenOf: (id) => tokenizer.id_to_token(id),
    separator: usesByteLevel(definition) ? " " : "",
    config,
  };
}

/** Byte-level vocabularies mark the start of a word by the space before it. */
function usesByteLevel(definition: Definition): boolean {
  const rows = (value: unknown): unknown[] => {
    const row = value as { type?: string; pretokenizers?: unknown[] } | null;
    return row?.type === "Sequence" ? (row.pretokenizers ?? []).flatMap(rows) : [row?.type];
  };
  return rows(definition.pre_tokenizer).includes("ByteLevel");
}

async function readJson(path: string): Promise<Definition | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof SyntaxError) throw unreadable(path, error.message);
    throw error;
  }
}

function unreadable(path: string, cause: string, ...notes: readonly string[]): DiagnosticError {
  const message = `Cannot read tokenizer "${path}": ${cause}`;
  return new DiagnosticError([{ code: "tokenizer-unreadable", severity: "error", message, notes }]);
}
