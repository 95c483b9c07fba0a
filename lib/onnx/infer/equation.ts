/** Checks that the equation of an Einsum fits its inputs. @module */
import type { NodeContext } from "./context.ts";

/** A gradient has as many products as there are terms, each of as many factors. */
const maxTerms = 100;

const termPattern = /^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/;

/** What is wrong with the equation of an Einsum; undefined if nothing is. */
export function equationProblem(c: NodeContext): string | undefined {
  const equation = c.text("equation", "").replaceAll(" ", "");
  const wrong = (cause: string) => `its equation ${JSON.stringify(equation.slice(0, 60))} ${cause}`;
  const [left, right, ...rest] = equation.split("->");
  const terms = left!.split(",");
  if (rest.length > 0 || [...terms, right ?? ""].some((term) => !termPattern.test(term))) {
    return wrong("is invalid: expected letters, commas, an arrow and at most one ellipsis a term");
  }
  if (terms.length > maxTerms) {
    return wrong(`has ${terms.length} terms, expected at most ${maxTerms}`);
  }
  if (terms.length !== c.inputCount) {
    return wrong(`has ${terms.length} terms for ${c.inputCount} inputs`);
  }
  for (const [i, term] of terms.entries()) {
    const rank = c.rank(i);
    const letters = term.replace("...", "").length;
    const fits = rank === undefined || (term.includes("...") ? letters <= rank : letters === rank);
    if (!fits) return wrong(`has "${term}" for an input of rank ${rank}`);
  }
  const unknown = [...(right ?? "").replace("...", "")].find((letter) => !left!.includes(letter));
  return unknown === undefined ? undefined : wrong(`has no "${unknown}" before the arrow`);
}
