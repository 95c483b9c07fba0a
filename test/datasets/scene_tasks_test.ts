import { assert, assertEquals } from "@std/assert";
import { drawTask } from "../../lib/drawing/balanced_task.ts";
import { listDrawings } from "../../lib/drawing/class_drawings.ts";
import type { Dataset, Row } from "../../lib/data/dataset.ts";
import colour10, { type Colour10Parameters, colourTask } from "../../datasets/colour10.ts";
import emojiCount, { countTask, type EmojiCountParameters } from "../../datasets/emoji_count.ts";
import memeMatch, { matchTask, type MemeMatchParameters } from "../../datasets/meme_match.ts";
import presence, {
  chooseAbsent,
  companions,
  popularity,
  type PresenceParameters,
  presenceTask,
} from "../../datasets/presence.ts";
import { type EmojiClass, emojiClasses, emojiMembers } from "../../lib/drawing/emoji_classes.ts";
import { colourNames, palette } from "../../lib/drawing/palette.ts";
import { Random } from "../../lib/tensor/random.ts";
import { patches } from "./synthetic_art.ts";

const subjects = emojiClasses.flatMap((name) => emojiMembers[name]).map((label) => ({ label }));
const drawings = listDrawings(emojiMembers, subjects, [
  patches("emojione", subjects.length),
  patches("emojione-v1", subjects.length),
]);
const options = { seed: 0, downloads: "unused", shots: 20 };
const settingsOf = <T>(dataset: Dataset, given: object = {}) =>
  dataset.parameters!.parse(given) as T;

/** Shares of each answer. */
function sharesOf(rows: readonly Row[]): Record<string, number> {
  const shares: Record<string, number> = {};
  for (const { answer } of rows) shares[answer] = (shares[answer] ?? 0) + 1 / rows.length;
  return shares;
}

Deno.test("countTask() asks for zero to four of a class, equally often", () => {
  const task = countTask(drawings, settingsOf<EmojiCountParameters>(emojiCount));
  const { train, test } = drawTask(task, options);
  assertEquals([train.rows.length, test.rows.length], [100, 1000]);
  const shares = sharesOf(test.rows);
  assertEquals(Object.keys(shares).sort(), ["four", "one", "three", "two", "zero"]);
  for (const share of Object.values(shares)) assert(Math.abs(share - 0.2) < 1e-9);
  for (const { instruction, cluster, answer } of test.rows) {
    const asked = instruction.match(/^How many times is there a (.+)[?]$/)![1]!;
    assert(emojiClasses.includes(asked as EmojiClass));
    assertEquals(cluster.startsWith(`${asked}/`), answer !== "zero");
  }
});

Deno.test("countTask() of all asks how many there are, one to four equally often", () => {
  const task = countTask(drawings, settingsOf<EmojiCountParameters>(emojiCount, { of: "all" }));
  const { test } = drawTask(task, options);
  assertEquals(new Set(test.rows.map((row) => row.instruction)), new Set(["How many are there?"]));
  const shares = sharesOf(test.rows);
  assertEquals(Object.keys(shares).sort(), ["four", "one", "three", "two"]);
  for (const share of Object.values(shares)) assert(Math.abs(share - 0.25) < 1e-9);
  const clusters = new Set(test.rows.map(({ cluster }) => cluster.split("/")[0]!));
  assertEquals([...clusters].sort(), [...emojiClasses].sort());
});

Deno.test("presenceTask() shows as many things as it is given", () => {
  const settings = settingsOf<PresenceParameters>(presence, { shown: [1, 1] });
  const { rows } = drawTask(presenceTask(drawings, settings), options).test;
  for (const { instruction, answer, cluster } of rows) {
    const asked = instruction.match(/^Is there a (.+) in the picture[?]$/)![1]!;
    assertEquals(answer, cluster.startsWith(`${asked}/`) ? "yes" : "no");
  }
});

Deno.test("presenceTask() is balanced, and truthful about the first thing shown", () => {
  for (const negatives of ["random", "popular", "adversarial"] as const) {
    const task = presenceTask(drawings, settingsOf<PresenceParameters>(presence, { negatives }));
    const { rows, notes } = drawTask(task, options).test;
    const shares = sharesOf(rows);
    assert(Math.abs(shares.yes! - 0.5) < 1e-9 && Math.abs(shares.no! - 0.5) < 1e-9);
    for (const { instruction, answer, cluster, label } of rows) {
      const asked = instruction.match(/^Is there a (.+) in the picture[?]$/)![1]!;
      if (cluster.startsWith(`${asked}/`)) assertEquals(answer, "yes");
      assertEquals(label, answer === "yes" ? 0 : 1);
    }
    assert(notes!.at(-1)!.endsWith(negatives));
  }
});

Deno.test("chooseAbsent() asks for popular classes, or for companions of what is there", () => {
  const random = new Random(3);
  const scene: readonly EmojiClass[] = ["cat", "automobile"];
  const chosen = (negatives: "random" | "popular" | "adversarial") =>
    new Set(Array.from({ length: 400 }, () => chooseAbsent(scene, negatives, random)));
  assertEquals([...chosen("random")].sort(), emojiClasses.filter((n) => !scene.includes(n)).sort());
  assertEquals([...chosen("popular")].sort(), ["bird", "dog", "truck"]);
  assertEquals([...chosen("adversarial")].sort(), ["bird", "dog", "truck"]);
  const reptile = new Set(
    Array.from({ length: 400 }, () => chooseAbsent(["reptile"], "adversarial", random)),
  );
  assertEquals([...reptile].sort(), [...companions.reptile].sort());
  assertEquals([...popularity].sort(), [...emojiClasses].sort());
});

Deno.test("matchTask() spoils one of two facts, so that the text alone tells nothing", () => {
  const task = matchTask(drawings, settingsOf<MemeMatchParameters>(memeMatch));
  const { rows } = drawTask(task, options).test;
  assert(Math.abs(sharesOf(rows).yes! - 0.5) < 1e-9);
  let wrongThing = 0, wrong = 0;
  for (const { instruction, answer, cluster } of rows) {
    const [, thing] = instruction.match(/^Does the text fit the picture[?] (.+) on (.+)$/)!;
    const shown = cluster.startsWith(`${thing}/`);
    if (answer === "yes") assert(shown, instruction);
    else {
      wrong++;
      wrongThing += shown ? 0 : 1;
    }
  }
  assert(wrongThing / wrong > 0.4 && wrongThing / wrong < 0.6, `${wrongThing} of ${wrong}`);
});

Deno.test("colourTask() asks for the nearest of ten colours behind a drawing, equally often", () => {
  const plain = { noise: 0, clutter: 0, scale: [0.2, 0.3] };
  const settings = settingsOf<Colour10Parameters>(colour10, plain);
  const { test } = drawTask(colourTask(drawings, settings), options);
  const shares = sharesOf(test.rows);
  assertEquals(Object.keys(shares).sort(), [...colourNames].sort());
  test.rows.forEach(({ answer, instruction }, row) => {
    assertEquals(instruction, "What colour is the background?");
    const corner = [0, 1, 2].map((channel) => test.images[(row * 3 + channel) * 64 ** 2]! / 255);
    const distances = Object.entries(palette).map(([name, colour]) =>
      [name, colour.reduce((sum, value, i) => sum + (value - corner[i]!) ** 2, 0)] as const
    );
    const [[name]] = distances.toSorted((a, b) => a[1] - b[1]) as [[string, number]];
    assertEquals(name, answer);
  });
});
