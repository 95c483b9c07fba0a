import { assertEquals } from "@std/assert";
import { defineLossTerm } from "../../lib/losses/loss_term.ts";
import { dividesBatch } from "../../lib/training/prepare_prompt.ts";
import type { PromptTraining } from "../../lib/training/prompt_training.ts";

const build = () => "";
const terms = {
  spread: defineLossTerm({ description: "may look across a batch", build }),
  mean: defineLossTerm({ description: "a mean over images", wholeBatch: false, build }),
};

for (
  const [loss, views, expected] of [
    [{ lm: 1, fca: 0.1 }, [], true],
    [{ lm: 1, fia: 0.1 }, [], false],
    [{ lm: 1, mean: 1 }, [], true],
    [{ lm: 1, spread: 1 }, [], false],
    [{ lm: 1 }, ["admix"], false],
  ] as const
) {
  const what = `${Object.keys(loss).join(" + ")}${views.map((view) => ` with ${view}`).join("")}`;
  Deno.test(`dividesBatch() says ${expected} for ${what}`, () => {
    const training = { settings: { loss, views }, ownTerms: terms } as unknown as PromptTraining;
    assertEquals(dividesBatch(training), expected);
  });
}
