/** The concepts of the pretraining world: emoji with a name, a kind and tags. @module */
import { classOf } from "./ten_classes.ts";
import { type DownloadOptions, readArtJson } from "./fetch_art.ts";

/** Something that can be drawn and asked for. */
export interface Concept {
  readonly emoji: string;
  readonly hexcode: string;
  /** Unicode name in lower case: `racing car`. */
  readonly label: string;
  /** One of about a hundred groups, or the class of CIFAR-10 that it belongs to: `automobile`. */
  readonly kind: string;
  /** Other words for it. */
  readonly tags: readonly string[];
}

/** The parts of an entry of emojibase that are used. */
export interface EmojibaseEntry {
  readonly label: string;
  readonly hexcode: string;
  readonly emoji: string;
  readonly group?: number;
  readonly subgroup?: number;
  readonly tags?: readonly string[];
}

/** Names of subgroups that read badly as a kind. */
const kindWords: Readonly<Record<string, string>> = {
  "animal-mammal": "mammal",
  "animal-bird": "bird",
  "animal-bug": "bug",
  "animal-marine": "sea animal",
  "animal-amphibian": "amphibian",
  "animal-reptile": "reptile",
};

const components = 2;
const flags = 9;
const tagLimit = 6;

/** All concepts of emojibase: no flags, components, letters, or gendered doubles. */
export async function loadConcepts(options: DownloadOptions = {}): Promise<readonly Concept[]> {
  const entries = await readArtJson("emojibase", "en/data.json", options) as EmojibaseEntry[];
  const groups = await readArtJson("emojibase", "meta/groups.json", options) as {
    subgroups: Record<string, string>;
  };
  return chooseConcepts(entries, groups.subgroups);
}

/** The concepts among the entries of emojibase. */
export function chooseConcepts(
  entries: readonly EmojibaseEntry[],
  subgroups: Readonly<Record<string, string>>,
): readonly Concept[] {
  return entries.filter(isConcept).map((entry) => {
    const label = entry.label.toLowerCase().replaceAll("’", "'");
    const subgroup = subgroups[String(entry.subgroup)] ?? "thing";
    return {
      emoji: entry.emoji,
      hexcode: entry.hexcode,
      label,
      kind: classOf(label) ?? kindWords[subgroup] ?? subgroup.replaceAll("-", " "),
      tags: (entry.tags ?? []).slice(0, tagLimit).map((tag) => tag.toLowerCase()),
    };
  });
}

function isConcept(entry: EmojibaseEntry): boolean {
  return entry.group !== undefined && entry.group !== components && entry.group !== flags &&
    !/^(man|woman|men|women|person)\b/.test(entry.label) && !/: /.test(entry.label);
}
