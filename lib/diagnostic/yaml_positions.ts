/**
 * Finds where in a YAML text a value lies. It is imported only when a message points at a place.
 *
 * @module
 */
import type { Location } from "./diagnostic.ts";
import type { DocumentPath } from "./document_path.ts";
import { TextPlaces } from "./text_places.ts";
import { type YamlNode, yamlNodes, type YamlPair } from "./yaml_core.ts";

/** A YAML text whose values can be found by path. */
export class YamlPositions {
  readonly #text: string;
  readonly #places: TextPlaces;
  readonly #root: YamlNode | undefined;
  /** Pairs by their keys, of maps that were asked before. */
  readonly #pairs = new Map<YamlNode, ReadonlyMap<string, YamlPair>>();

  constructor(text: string, options: { path: string }) {
    this.#text = text;
    this.#places = new TextPlaces(text, options);
    this.#root = yamlNodes(text);
  }

  /** Location of the value (or of its key) at a path, or of the nearest parent that exists. */
  locate(path: DocumentPath, part: "key" | "value" = "value"): Location {
    let node = this.#root;
    let found = this.#locationOf(node) ?? this.#places.at(0, 1);
    for (const [depth, step] of path.entries()) {
      const isLast = depth === path.length - 1;
      if (node?.kind === "map") {
        const pair = this.#pairsOf(node).get(String(step));
        if (!pair) return found;
        const { key, value } = pair;
        // On the way to the end, a key is a better place than a whole collection.
        const wantsKey = isLast ? part === "key" : value.kind === "map" || value.kind === "list";
        found = (wantsKey ? undefined : this.#locationOf(value)) ?? this.#locationOf(key) ?? found;
        node = value;
      } else if (node?.kind === "list") {
        node = node.items[Number(step)];
        found = this.#locationOf(node) ?? found;
      } else return found;
    }
    return found;
  }

  /** A key that is there twice has the pair that comes last. */
  #pairsOf(node: YamlNode & { readonly kind: "map" }): ReadonlyMap<string, YamlPair> {
    const known = this.#pairs.get(node);
    if (known !== undefined) return known;
    const pairs = new Map(node.pairs.map((pair) => [pair.name, pair]));
    this.#pairs.set(node, pairs);
    return pairs;
  }

  #locationOf(node: YamlNode | undefined): Location | undefined {
    if (node === undefined || node.kind === "empty") return undefined;
    // A collection may be of many lines: carets stay on the first one.
    const lineEnd = this.#text.indexOf("\n", node.start);
    const end = lineEnd < 0 ? node.end : Math.min(node.end, lineEnd);
    const firstLine = this.#text.slice(node.start, end);
    return this.#places.at(node.start, Math.max(1, firstLine.trimEnd().length));
  }
}
