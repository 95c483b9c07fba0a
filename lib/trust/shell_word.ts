/** Writes texts as words that a shell reads as they are. @module */

/** A word as a shell reads it: quoted where it has to be. */
export function shellWord(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
