/** Tokens beside the model's, such as special ones: they are found in the text before it is split. @module */
import { wordCharacter } from "./pattern.ts";
import { cutPiece, type Piece } from "./split.ts";

/** A token of `added_tokens`. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Whether it is found only as a word of its own. */
  readonly single_word?: boolean;
  /** Whether it takes the white space before it. */
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
  /** Whether it is looked for in the normalized text. */
  readonly normalized?: boolean;
  readonly special?: boolean;
}

/** A piece of text, or a token that was found. */
export type Section = Piece | { readonly id: number };

/** Finds tokens in a piece. */
export type FindTokens = (piece: Piece) => readonly Section[];

interface Node {
  readonly next: Map<string, Node>;
  token?: AddedToken;
}

// Looked at backwards: V8 misses a letter beyond 0xffff before "$" otherwise.
const endsWithWord = new RegExp(`(?<=${wordCharacter})$`, "u");
const startsWithWord = new RegExp(`^${wordCharacter}`, "u");

/**
 * Looks for tokens, the longest where several begin.
 *
 * @param tokens Each with the text by which it is found.
 */
export function tokenFinder(tokens: readonly (readonly [string, AddedToken])[]): FindTokens {
  const root: Node = { next: new Map() };
  for (const [text, token] of tokens) if (text !== "") insert(root, text, token);
  if (root.next.size === 0) return (piece) => [piece];
  return (piece) => {
    const { text } = piece;
    const sections: Section[] = [];
    let done = 0;
    for (let at = 0; at < text.length;) {
      const found = longestAt(root, text, at);
      if (found === undefined) {
        at++;
        continue;
      }
      const [token, end] = found;
      if (!token.single_word || standsAlone(text, at, end)) {
        const start = token.lstrip ? Math.max(done, startOfSpace(text, at)) : at;
        if (done < start) sections.push(cutPiece(piece, { start: done, end: start }));
        sections.push({ id: token.id });
        done = token.rstrip ? endOfSpace(text, end) : end;
      }
      at = end;
    }
    if (done < text.length) sections.push(cutPiece(piece, { start: done, end: text.length }));
    return sections;
  };
}

function insert(root: Node, text: string, token: AddedToken): void {
  let node = root;
  for (let i = 0; i < text.length; i++) {
    const next: Node = node.next.get(text[i]!) ?? { next: new Map() };
    node.next.set(text[i]!, next);
    node = next;
  }
  node.token ??= token;
}

/** The longest token at a place, and where it ends. */
function longestAt(root: Node, text: string, at: number): [AddedToken, number] | undefined {
  let found: [AddedToken, number] | undefined;
  let node: Node | undefined = root;
  for (let end = at; end < text.length;) {
    node = node.next.get(text[end++]!);
    if (node === undefined) break;
    if (node.token !== undefined) found = [node.token, end];
  }
  return found;
}

function standsAlone(text: string, start: number, end: number): boolean {
  return !endsWithWord.test(text.slice(0, start)) && !startsWithWord.test(text.slice(end));
}

function startOfSpace(text: string, end: number): number {
  let start = end;
  while (start > 0 && /\p{White_Space}/u.test(text[start - 1]!)) start--;
  return start;
}

function endOfSpace(text: string, start: number): number {
  let end = start;
  while (end < text.length && /\p{White_Space}/u.test(text[end]!)) end++;
  return end;
}
