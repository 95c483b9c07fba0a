/** Tells which texts a header of HTTP can hold. @module */

/** What to do about a secret that cannot be sent. */
export const unsendableNote = "Copy it again: programs that format text change hyphens and quotes";

/** What no header holds: control characters, and all beyond Latin-1. */
const unfit = /[^\t\x20-\x7e\x80-\xff]/u;

/**
 * Why a secret cannot be sent in a header, without the secret; `undefined` if it can. Blanks and line
 * ends at its end are not sent.
 *
 * @param name The variable that holds it.
 */
export function unsendable(name: string, secret: string): string | undefined {
  const [sign] = unfit.exec(secret.replace(/[\t\n\r ]+$/, "")) ?? [];
  if (sign === undefined) return undefined;
  const place = Array.from(secret).indexOf(sign) + 1;
  const code = sign.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  return `character ${place} of ${name} is U+${code}, which cannot be sent`;
}
