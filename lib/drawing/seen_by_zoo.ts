/**
 * Drawings of the downstream styles that look like one that the zoo was trained on. Tasks leave them
 * out. `lib/vision/likeness.ts` measures the likeness: most are plain discs, some were drawn after the
 * same model. `deno run -A test/tools/leaks.ts` finds none that is missing here.
 *
 * @module
 */

/** As `style/label`. */
export const seenByZoo: ReadonlySet<string> = new Set([
  "emojione-v1/basketball",
  "emojione-v1/tennis",
  "emojione/baby bottle",
  "emojione/baseball",
  "emojione/glass of milk",
  "emojione/kiwi fruit",
  "emojione/melon",
  "emojione/mouse face",
  "emojione/shield",
  "emojione/volleyball",
  "emojione/wrench",
  "fxemoji/baseball",
  "fxemoji/cherry blossom",
  "fxemoji/lollipop",
  "fxemoji/monkey face",
  "fxemoji/police car",
  "fxemoji/rooster",
  "fxemoji/rose",
  "fxemoji/rosette",
  "fxemoji/soft ice cream",
  "fxemoji/violin",
  "openmoji/boxing glove",
  "openmoji/cookie",
  "openmoji/lime",
  "openmoji/tennis",
  "openmoji/white cane",
]);

/**
 * The other way round: drawings of styles that came later to the zoo and look like one of a task. The
 * zoo's world leaves them out, so that the tasks stay as they are. As `style/label`.
 */
export const likeTasks: ReadonlySet<string> = new Set(["noto-v1/jeans", "noto-v1/new moon"]);
