/**
 * `deno run -A test/tools/leaks.ts [DOWNLOADS]`: looks for drawings, also recoloured, mirrored or resized
 * ones, that two splits of a task share or that the zoo was trained on, and for handwriting that two
 * splits share. Exit code 1 if there are any. Fetches 25 MB of art on first use.
 *
 * @module
 */
import { artBytes, loadArtwork, zooStyles } from "../../lib/drawing/art.ts";
import { defaultDownloads } from "../../lib/drawing/fetch_art.ts";
import { splitPairs } from "../../lib/data/check_splits.ts";
import {
  type ClassMembers,
  loadDrawings,
  type Partition,
  partitionDrawings,
  stylesParameter,
} from "../../lib/drawing/class_drawings.ts";
import { loadConcepts } from "../../lib/drawing/concepts.ts";
import { handRange, handSize, loadHandwriting } from "../../datasets/digits10.ts";
import { emojiMembers } from "../../lib/drawing/emoji_classes.ts";
import { kindMembers } from "../../datasets/kind10.ts";
import { lookOfDrawing } from "../../lib/drawing/motifs.ts";
import { likeTasks } from "../../lib/drawing/seen_by_zoo.ts";
import { likePairs, type Look, lookOf } from "../../lib/vision/likeness.ts";

const [downloads = defaultDownloads] = Deno.args;
const styles = stylesParameter.parse(undefined);
const tasks: Readonly<Record<string, ClassMembers>> = {
  emoji10: emojiMembers,
  kind10: kindMembers,
};

/** Handwritten ones are alike by nature; a copy is more so. */
const sameHand = 0.99;

let leaks = 0;
function tell(what: string, found: readonly string[]): void {
  leaks += found.length;
  console.log(`${what}: ${found.length} leaks`);
  for (const line of found) console.log(`  ${line}`);
}

interface Named {
  readonly name: string;
  readonly look: Look;
}

function alike(a: readonly Named[], b: readonly Named[], least?: number): readonly string[] {
  return likePairs(a.map(({ look }) => look), b.map(({ look }) => look), least)
    .map((pair) => `${a[pair.a]!.name} ~ ${b[pair.b]!.name} (${pair.likeness.toFixed(3)})`);
}

async function zooDrawings(): Promise<readonly Named[]> {
  const concepts = await loadConcepts({ downloads });
  const named: Named[] = [];
  for (const style of zooStyles) {
    const { drawn, pixels } = await loadArtwork(style, concepts, { downloads });
    concepts.forEach(({ label }, index) => {
      if (!drawn[index] || likeTasks.has(`${style}/${label}`)) return;
      const look = lookOfDrawing(pixels.subarray(index * artBytes, (index + 1) * artBytes));
      named.push({ name: `${style}/${label}`, look });
    });
  }
  return named;
}

function namesOf(split: Partition["train"]): readonly Named[] {
  return split.map(({ style, label, pixels }) => ({
    name: `${style}/${label}`,
    look: lookOfDrawing(pixels),
  }));
}

const zoo = await zooDrawings();
for (const [task, members] of Object.entries(tasks)) {
  const drawings = await loadDrawings(members, styles, { seed: 0, downloads });
  const partition = partitionDrawings(drawings, task);
  for (const [a, b] of splitPairs) {
    tell(`${task}, ${a} and ${b}`, alike(namesOf(partition[a]), namesOf(partition[b])));
  }
  tell(`${task} and the zoo`, alike(namesOf(drawings), zoo));
}
const hands = (await loadHandwriting({ downloads })).map((masks, digit) =>
  masks.map((mask, hand) => ({
    name: `${digit}/${hand}`,
    look: lookOf(Float32Array.from(mask), { height: handSize, width: handSize }),
  }))
);
for (const [a, b] of splitPairs) {
  const found = hands.flatMap((own) => {
    const of = (split: typeof a | typeof b) => own.slice(...handRange(own.length, split));
    return alike(of(a), of(b), sameHand);
  });
  tell(`digits10, ${a} and ${b}`, found);
}
Deno.exit(leaks === 0 ? 0 : 1);
