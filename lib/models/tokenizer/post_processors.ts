/** Post-processors of tokenizer.json: special tokens around a text. A new one is a row here. @module */
import { type Json, listOf, type Maker, makeStep, TokenizerPartError } from "./definition.ts";

/** Ids to ids. */
export type PostProcessor = (ids: readonly number[]) => readonly number[];

const between: Maker<PostProcessor> = ({ type, cls, sep }) => {
  const [start, end] = [cls, sep].map((pair) => Array.isArray(pair) ? pair[1] : undefined);
  if (!Number.isInteger(start) || !Number.isInteger(end)) {
    throw new TokenizerPartError(`its ${type} has no [token, number] as cls and sep`);
  }
  return (ids) => [start, ...ids, end];
};

const makers: Readonly<Record<string, Maker<PostProcessor>>> = {
  // It moves the offsets of tokens only.
  ByteLevel: () => (ids) => ids,
  BertProcessing: between,
  RobertaProcessing: between,
  TemplateProcessing: template,
  Sequence: (fields) => {
    const steps = listOf(fields, "processors").map(makePostProcessor);
    return (ids) => steps.reduce((value, step) => step(value), ids);
  },
};

/** Makes a post-processor; none adds nothing. @throws {TokenizerPartError} If it cannot be read. */
export function makePostProcessor(fields: Json | null): PostProcessor {
  return fields === null ? (ids) => ids : makeStep("post_processor", makers, fields);
}

/** The text, and special tokens where the template has them. */
function template(fields: Json): PostProcessor {
  const special = Object(fields.special_tokens) as Readonly<Record<string, Json>>;
  const parts = listOf(fields, "single").map(({ SpecialToken: token }) =>
    token === undefined ? undefined : idsOf(Object(token).id, special)
  );
  return (ids) => parts.flatMap((part) => part ?? ids);
}

function idsOf(name: unknown, special: Readonly<Record<string, Json>>): readonly number[] {
  const { ids } = Object(special[String(name)]) as Json;
  if (Array.isArray(ids) && ids.every(Number.isInteger)) return ids;
  throw new TokenizerPartError(
    `its TemplateProcessing has no numbers for ${JSON.stringify(name) ?? "a special token"}`,
  );
}
