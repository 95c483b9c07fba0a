import { assert, assertEquals } from "@std/assert";
import { ask, captionOf, countNames, everyText, instructions } from "../../datasets/questions.ts";
import { colourNames, digitNames, makeZooWorld } from "../../datasets/zoo_world.ts";
import { Random } from "../../lib/tensor/random.ts";
import { bars, concepts, discs } from "./synthetic_art.ts";

const artworks = [discs("noto", concepts.length), discs("twemoji", concepts.length, [0, 1])];
const world = makeZooWorld({ concepts, artworks, typeset: bars(3) });
const imageLength = 3 * 64 * 64;

Deno.test("makeZooWorld() names concepts and digits, with kinds and words", () => {
  assertEquals(world.names.length, concepts.length + 10);
  assertEquals(world.names.slice(-10), digitNames);
  assertEquals(world.kinds.length, 12);
  assertEquals(world.kinds[world.kindOf[world.names.indexOf("duck")]!], "bird");
  assertEquals(world.kinds[world.kindOf[world.names.indexOf("seven")]!], "digit");
  assertEquals(world.words[0], ["red apple", "fruit", "thing"]);
  assertEquals(world.words.at(-1), ["nine", "digit", "9"]);
});

Deno.test("makeZooWorld() leaves out concepts that no style draws", () => {
  const none = [discs("noto", concepts.length, [1]), discs("twemoji", concepts.length, [1, 2])];
  const smaller = makeZooWorld({ concepts, artworks: none, typeset: bars(1) });
  assertEquals(smaller.names.length, world.names.length - 1);
  assert(!smaller.names.includes("banana"));
});

Deno.test("sampleBatch() draws the same pictures for the same seed", () => {
  const first = world.sampleBatch(new Random(4), 20);
  assertEquals(world.sampleBatch(new Random(4), 20), first);
  assert(first.images.some((value, i) => value !== world.sampleBatch(new Random(5), 20).images[i]));
  assertEquals(first.images.length, 20 * imageLength);
  assert(first.images.every((value) => value >= 0 && value <= 1));
});

Deno.test("sampleBatch() keeps to the shares asked for", () => {
  const { facts } = world.sampleBatch(new Random(2), 1500, { digits: 0.3, multiples: 0.2 });
  const share = (kind: string) => facts.filter((fact) => fact.kind === kind).length / facts.length;
  for (const [kind, expected] of [["digit", 0.3], ["multiple", 0.2], ["single", 0.5]] as const) {
    assert(Math.abs(share(kind) - expected) < 0.04, `${kind} ${share(kind)}`);
  }
  const shrunk = facts.filter((fact) => fact.shrunk).length / facts.length;
  assert(Math.abs(shrunk - 0.25) < 0.04, `shrunk ${shrunk}`);
  const counts = new Set(facts.map((fact) => fact.count));
  assertEquals([...counts].sort(), [1, 2, 3, 4]);
});

Deno.test("sampleBatch() draws the ten classes more often, in proportion to the boost", () => {
  const share = (boost: number) => {
    const material = { concepts, artworks, typeset: bars(1), boost };
    const { facts } = makeZooWorld(material).sampleBatch(new Random(2), 1000, { digits: 0 });
    const fruit = world.kinds.indexOf("fruit");
    return facts.filter((fact) => fact.kindIndex === fruit).length / facts.length;
  };
  const members = 2 * (concepts.length - 3);
  for (const boost of [1, 8]) {
    const expected = 4 / (4 + boost * members);
    assert(Math.abs(share(boost) - expected) < 0.025, `boost ${boost}: ${share(boost)}`);
  }
});

Deno.test("sampleBatch() leaves a black frame around shrunk pictures", () => {
  const { images, facts } = world.sampleBatch(new Random(3), 30, { shrunk: 0.5 });
  const frame = (i: number) => {
    const inFrame = (x: number, y: number) => x < 8 || y < 8 || x >= 56 || y >= 56;
    return images.subarray(i * imageLength, (i + 1) * imageLength)
      .some((value, k) => value > 0 && inFrame(k % 64, (k >> 6) % 64));
  };
  facts.forEach((fact, i) => assertEquals(frame(i), !fact.shrunk, `picture ${i}`));
});

Deno.test("ask() answers what is on the picture, and covers every topic", () => {
  const random = new Random(7);
  const { facts } = world.sampleBatch(new Random(8), 1500, { digits: 0.2, multiples: 0.3 });
  const seen = new Set<string>();
  let yes = 0, presence = 0;
  for (const fact of facts) {
    const { instruction, answer } = ask(world, fact, random);
    const truth = {
      kind: world.kinds[fact.kindIndex],
      name: world.names[fact.concept],
      digit: world.names[fact.concept],
      count: countNames[fact.count - 1],
      colour: colourNames[fact.colour],
    };
    const asked = instruction.match(/^Is it a (.*)\?$/)?.[1];
    if (asked !== undefined) {
      assertEquals(answer, asked === truth.kind || asked === truth.name ? "yes" : "no");
      presence++;
      yes += answer === "yes" ? 1 : 0;
      seen.add("presence");
      continue;
    }
    const topic = (Object.keys(truth) as (keyof typeof truth)[])
      .find((name) => instructions[name].includes(instruction))!;
    assertEquals(answer, truth[topic], instruction);
    assert(answer.length <= 24);
    seen.add(topic);
  }
  assertEquals([...seen].sort(), Object.keys(instructions).sort());
  assert(yes / presence > 0.4 && yes / presence < 0.65, `yes ${yes / presence}`);
});

Deno.test("captionOf() speaks of the picture, in words that everyText() covers", () => {
  const random = new Random(1);
  const { facts } = world.sampleBatch(new Random(8), 200);
  const vocabulary = new Set(everyText(world).flatMap((text) => text.split(/\s+/)));
  for (const fact of facts) {
    const text = captionOf(world, fact, random);
    assert(world.words[fact.concept]!.some((word) => text.endsWith(word)), text);
    for (const word of text.split(" ")) assert(vocabulary.has(word), `${word} of ${text}`);
  }
});
