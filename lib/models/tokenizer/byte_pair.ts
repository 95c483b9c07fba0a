/** Byte-pair encoding: neighbours are merged, in the order in which the merges were learnt. @module */
import { byteTokens } from "./byte_level.ts";
import { flagOf, type Json, optionalText } from "./definition.ts";
import { mergeAll, type Merges } from "./merge.ts";
import { type TokenModel, type Vocabulary, vocabularyOf } from "./vocabulary.ts";

interface Rules extends Vocabulary {
  readonly prefix: string;
  readonly suffix: string;
  /** Number of the token for unknown text. */
  readonly unknown: number | undefined;
  readonly fuses: boolean;
  readonly fallsBack: boolean;
}

/** Words whose ids are remembered. */
const mostWords = 10_000;

/** The model; where it drops merges at random in training, it does not here. */
export function bytePair(fields: Json): TokenModel {
  const vocabulary = vocabularyOf(fields);
  const unknown = optionalText(fields, "unk_token");
  const rules: Rules = {
    ...vocabulary,
    prefix: optionalText(fields, "continuing_subword_prefix") ?? "",
    suffix: optionalText(fields, "end_of_word_suffix") ?? "",
    unknown: unknown === undefined ? undefined : vocabulary.idOf(unknown),
    fuses: flagOf(fields, "fuse_unk", false),
    fallsBack: flagOf(fields, "byte_fallback", false),
  };
  const merges = mergesOf(fields, rules);
  const ignoresMerges = flagOf(fields, "ignore_merges", false);
  const known = new Map<string, readonly number[]>();
  return {
    ...vocabulary,
    ids: (piece) => {
      const found = known.get(piece);
      if (found !== undefined) return found;
      const whole = ignoresMerges ? vocabulary.idOf(piece) : undefined;
      const ids = whole === undefined ? mergeAll(startIds(piece, rules), merges) : [whole];
      if (known.size < mostWords) known.set(piece, ids);
      return ids;
    },
  };
}

/** The merges by their tokens; a merge is written as a pair, or as a text with a space between. */
function mergesOf({ merges }: Json, { idOf, prefix }: Rules): Merges {
  const table = new Map<number, Map<number, { rank: number; id: number }>>();
  (merges as readonly (string | readonly [string, string])[]).forEach((merge, rank) => {
    const [left, right] = typeof merge === "string" ? merge.split(" ") : merge;
    const id = idOf(left! + right!.slice(prefix.length))!;
    const row = table.get(idOf(left!)!) ?? new Map();
    table.set(idOf(left!)!, row.set(idOf(right!)!, { rank, id }));
  });
  return table;
}

/** The ids of single characters, before any merge. What has none and no substitute is left out. */
function startIds(piece: string, rules: Rules): readonly number[] {
  const { idOf, prefix, suffix, fallsBack, fuses, unknown } = rules;
  const ids: number[] = [];
  const characters = Array.from(piece);
  let isOpen = false;
  characters.forEach((character, i) => {
    const start = i > 0 ? prefix + character : character;
    const token = i === characters.length - 1 ? start + suffix : start;
    const id = idOf(token);
    // An unknown stretch is written down when something known ends it, behind its bytes.
    if (id !== undefined) {
      if (isOpen) ids.push(unknown!);
      isOpen = false;
      ids.push(id);
      return;
    }
    const bytes = fallsBack ? byteTokens(token).map(idOf) : [undefined];
    if (!bytes.includes(undefined)) ids.push(...bytes as number[]);
    else if (unknown !== undefined) {
      if (isOpen && !fuses) ids.push(unknown);
      isOpen = true;
    }
  });
  return isOpen ? [...ids, unknown!] : ids;
}
