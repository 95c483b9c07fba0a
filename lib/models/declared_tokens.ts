/**
 * Tokens that files beside tokenizer.json declare. As transformers does, they are added to the
 * `added_tokens` of tokenizer.json, so that each is found in a text as one token.
 *
 * @module
 */
import type { Json } from "./tokenizer/definition.ts";
import { specialTokenTexts } from "./special_token_texts.ts";

/** A token that is declared; without a number it has the one of the vocabulary. */
interface DeclaredToken {
  readonly content: string;
  readonly id?: number;
  readonly special: boolean;
  readonly normalized: boolean;
}

/** The files that declare tokens. */
export interface Declarations {
  /** tokenizer_config.json */
  readonly config: Json;
  /** added_tokens.json of old models: numbers by text. */
  readonly added?: Json | undefined;
}

/**
 * tokenizer.json with the tokens that other files declare: `added_tokens_decoder` of
 * tokenizer_config.json, or else added_tokens.json, and every special token that has a name or is
 * in a list. A token that is there stays as it is, but is special where another file says so.
 */
export function withDeclaredTokens(definition: Json, declarations: Declarations): Json {
  const own = (definition.added_tokens ?? []) as readonly (Json & { readonly content: string })[];
  const special = new Set(specialTexts(declarations.config));
  const known = new Set(own.map(({ content }) => content));
  const more: Json[] = [];
  for (const token of declared(declarations, special)) {
    if (token.special) special.add(token.content);
    const id = known.has(token.content) ? undefined : idIn(definition.model as Json, token);
    known.add(token.content);
    if (id !== undefined) more.push({ ...token, id });
  }
  const all = [...own, ...more].map((token) =>
    special.has(String(token.content)) ? { ...token, special: true } : token
  );
  return { ...definition, added_tokens: all };
}

/** Named special tokens, and those in lists. */
function specialTexts(config: Json): readonly string[] {
  const lists = [config.extra_special_tokens, config.additional_special_tokens];
  const listed = lists.flatMap((list) => Array.isArray(list) ? list : []);
  return [...Object.values(specialTokenTexts(config)), ...listed.map(textOf)]
    .filter((text) => text !== undefined && text !== "");
}

function textOf(token: unknown): string {
  return typeof token === "string" ? token : String(Object(token).content ?? "");
}

function* declared(
  { config, added }: Declarations,
  special: ReadonlySet<string>,
): Generator<DeclaredToken> {
  const decoder = config.added_tokens_decoder;
  if (decoder !== undefined) {
    for (const [id, token] of Object.entries(Object(decoder) as Readonly<Record<string, Json>>)) {
      const isSpecial = token.special === true;
      yield {
        ...token,
        content: textOf(token),
        id: Number(id),
        special: isSpecial,
        normalized: token.normalized === undefined ? !isSpecial : token.normalized === true,
      };
    }
  } else {
    for (const [content, id] of Object.entries(added ?? {})) {
      const isSpecial = special.has(content);
      yield { content, id: Number(id), special: isSpecial, normalized: !isSpecial };
    }
  }
  for (const content of special) yield { content, special: true, normalized: false };
}

/** A token's number in the vocabulary, else the one that is declared. */
function idIn({ vocab }: Json, { content, id }: DeclaredToken): number | undefined {
  const found = Array.isArray(vocab)
    ? vocab.findIndex((entry) => Array.isArray(entry) && entry[0] === content)
    : Object.hasOwn(Object(vocab), content)
    ? (vocab as Json)[content]
    : undefined;
  if (typeof found === "number" && found >= 0) return found;
  return id !== undefined && Number.isInteger(id) && id >= 0 ? id : undefined;
}
