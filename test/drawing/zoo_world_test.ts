import { assert, assertEquals, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { ask, everyText, instructions, type Topic } from "../../lib/drawing/questions.ts";
import { countNames } from "../../lib/drawing/captions.ts";
import { colourNames } from "../../lib/drawing/palette.ts";
import { digitNames, makeZooWorld } from "../../lib/drawing/zoo_world.ts";
import { artBytes } from "../../lib/drawing/art.ts";
import { Random } from "../../lib/tensor/random.ts";
import { bars, concepts, patches } from "../datasets/synthetic_art.ts";

const artworks = [patches("noto", concepts.length), patches("twemoji", concepts.length, [0, 1])];
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
  const none = [patches("noto", concepts.length, [1]), patches("twemoji", concepts.length, [1, 2])];
  const smaller = makeZooWorld({ concepts, artworks: none, typeset: bars(1) });
  assertEquals(smaller.names.length, world.names.length - 1);
  assert(!smaller.names.includes("banana"));
});

Deno.test("sampleBatch() draws the same images for the same seed", () => {
  const first = world.sampleBatch(new Random(4), 20);
  assertEquals(world.sampleBatch(new Random(4), 20), first);
  assert(first.images.some((value, i) => value !== world.sampleBatch(new Random(5), 20).images[i]));
  assertEquals(first.images.length, 20 * imageLength);
  assert(first.images.every((value) => value >= 0 && value <= 1));
});

Deno.test("sampleBatch() keeps to the shares asked for", () => {
  const { facts } = world.sampleBatch(new Random(2), 1500, {
    digits: 0.3,
    multiples: 0.2,
    scenes: 0.1,
  });
  const share = (kind: string) => facts.filter((fact) => fact.kind === kind).length / facts.length;
  const shares = { digit: 0.3, multiple: 0.2, scene: 0.1, single: 0.4 };
  for (const [kind, expected] of Object.entries(shares)) {
    assert(Math.abs(share(kind) - expected) < 0.04, `${kind} ${share(kind)}`);
  }
  const shrunk = facts.filter((fact) => fact.shrunk).length / facts.length;
  assert(Math.abs(shrunk - 0.25) < 0.04, `shrunk ${shrunk}`);
  const counts = new Set(facts.map((fact) => fact.count));
  assertEquals([...counts].sort(), [1, 2, 3, 4]);
});

Deno.test("sampleBatch() draws the ten classes and fruits more often, in proportion to the boost", () => {
  const few = concepts.filter(({ label }) => /no end|banana|duck/.test(label));
  for (const boost of [1, 8]) {
    const material = { concepts: few, artworks: [patches("noto", 3)], typeset: bars(1), boost };
    const { facts } = makeZooWorld(material).sampleBatch(new Random(2), 1000, { digits: 0 });
    for (const [concept, { label }] of few.entries()) {
      const expected = (label.includes("no end") ? 1 : boost) / (1 + 2 * boost);
      const share = facts.filter((fact) => fact.concept === concept).length / facts.length;
      assert(Math.abs(share - expected) < 0.06, `${label}, boost ${boost}: ${share}`);
    }
  }
});

Deno.test("sampleBatch() draws favoured names and kinds more often than others", () => {
  const few = concepts.filter(({ label }) => /no end|banana|duck/.test(label));
  const material = { concepts: few, artworks: [patches("noto", 3)], typeset: bars(1), boost: 8 };
  for (const favoured of ["banana", "bird"]) {
    const world = makeZooWorld({ ...material, favoured: [favoured] });
    const { facts } = world.sampleBatch(new Random(2), 600, { digits: 0 });
    const often = facts.filter(({ concept, kindIndex }) =>
      world.names[concept] === favoured || world.kinds[kindIndex] === favoured
    );
    assert(Math.abs(often.length / facts.length - 0.8) < 0.06, `${favoured}: ${often.length}`);
  }
});

Deno.test("sampleBatch() draws kinds equally often, with many drawings or few, where that is asked for", () => {
  const some = concepts.filter(({ kind }) => ["bird", "airplane", "fruit"].includes(kind));
  const material = { concepts: some, artworks: [patches("noto", some.length)], typeset: bars(1) };
  const favoured = ["bird", "airplane"];
  const shareOf = (balanced: boolean) => {
    const world = makeZooWorld({ ...material, favoured, balanced });
    const { facts } = world.sampleBatch(new Random(2), 1200, { digits: 0, scenes: 0 });
    return (kind: string) =>
      facts.filter(({ kindIndex }) => world.kinds[kindIndex] === kind).length / facts.length;
  };
  const [usual, balanced] = [shareOf(false), shareOf(true)];
  assert(usual("bird") > 3 * usual("airplane"), `${usual("bird")} ${usual("airplane")}`);
  const apart = balanced("bird") - balanced("airplane");
  assert(Math.abs(apart) < 0.12, `${apart}`);
  assert(balanced("fruit") < 0.1);
});

Deno.test("makeZooWorld() refuses to favour what there is not, and lists the kinds", () => {
  const material = { concepts: concepts.slice(0, 3), artworks, typeset: bars(1) };
  const error = assertThrows(
    () => makeZooWorld({ ...material, favoured: ["banana", "fruits"] }),
    DiagnosticError,
    'Cannot draw "fruits" more often: no drawing of the zoo\'s world has this name or kind',
  );
  assertEquals(error.diagnostics[0]!.notes, ["Kinds: fruit"]);
});

Deno.test("makeZooWorld() leaves out drawings that are like those of a task", () => {
  const jeans = { ...concepts[0]!, label: "jeans" };
  const drawn = (styles: readonly ("noto" | "noto-v1")[]) =>
    makeZooWorld({
      concepts: [concepts[1]!, jeans],
      artworks: styles.map((style) => patches(style, 2)),
      typeset: bars(1),
    });
  assertEquals(drawn(["noto-v1"]).names.slice(0, -10), ["banana"]);
  const both = drawn(["noto-v1", "noto"]);
  const { facts } = both.sampleBatch(new Random(2), 300, { digits: 0, multiples: 0, scenes: 0 });
  const jeansOf = (style: string) =>
    facts.filter((fact) => fact.style === style && both.names[fact.concept] === "jeans").length;
  assertEquals(jeansOf("noto-v1"), 0);
  assert(jeansOf("noto") > 0);
});

Deno.test("sampleBatch() draws styles without colours in an ink that shows on the ground", () => {
  const shape = new Uint8Array(artBytes);
  for (let i = 0; i < artBytes / 4; i++) shape[4 * i + 3] = i % 64 < 32 ? 255 : 0;
  const artworks = [{ style: "fluent-emoji-high-contrast", drawn: [true], pixels: shape } as const];
  const ink = makeZooWorld({ concepts: [concepts[1]!], artworks, typeset: bars(1) });
  const plain = { digits: 0, multiples: 0, scenes: 0, shrunk: 0, clutter: 0, noise: 0 };
  const { images } = ink.sampleBatch(new Random(5), 40, { ...plain, scale: [1, 1] });
  for (let i = 0; i < 40; i++) {
    const spread = [0, 1, 2].map((channel) => {
      const plane = images.subarray((3 * i + channel) * 4096, (3 * i + channel + 1) * 4096);
      return Math.max(...plane) - Math.min(...plane);
    });
    assert(spread[0]! + spread[1]! + spread[2]! > 0.9, `image ${i}: ${spread}`);
  }
});

Deno.test("sampleBatch() leaves a black frame around shrunk images", () => {
  const { images, facts } = world.sampleBatch(new Random(3), 30, { shrunk: 0.5 });
  const frame = (i: number) => {
    const inFrame = (x: number, y: number) => x < 8 || y < 8 || x >= 56 || y >= 56;
    return images.subarray(i * imageLength, (i + 1) * imageLength)
      .some((value, k) => value > 0 && inFrame(k % 64, (k >> 6) % 64));
  };
  facts.forEach((fact, i) => assertEquals(frame(i), !fact.shrunk, `image ${i}`));
});

Deno.test("sampleBatch() changes images, and says no colour where it is another one", () => {
  const options = { digits: 0, multiples: 0, scenes: 0 };
  const plain = world.sampleBatch(new Random(3), 200, options);
  const bordered = world.sampleBatch(new Random(3), 200, { ...options, changes: ["border"] });
  assertEquals(bordered.facts, plain.facts);
  const touched = plain.facts.filter((_, i) => {
    const range = [i * imageLength, (i + 1) * imageLength] as const;
    const before = plain.images.subarray(...range);
    return bordered.images.subarray(...range).some((value, k) => value !== before[k]);
  });
  assert(touched.length > 80 && touched.every(({ shrunk }) => !shrunk), `${touched.length}`);
  const other = world.sampleBatch(new Random(3), 200, { ...options, changes: ["recolour"] });
  const named = (facts: typeof plain.facts) => facts.filter(({ colour }) => colour >= 0).length;
  const kept = named(other.facts) / named(plain.facts);
  assert(kept > 0.55 && kept < 0.85, `${kept} of the names are kept, expected 0.7`);
});

Deno.test("sampleBatch() says of a scene what is on it, and shows any one of it", () => {
  const { facts } = world.sampleBatch(new Random(6), 400, { digits: 0, multiples: 0, scenes: 1 });
  for (const fact of facts) {
    assertEquals(fact.kind, "scene");
    assertEquals(fact.sights.length, fact.count);
    assert(fact.count >= 2 && fact.count <= 4);
    assert(fact.sights.some(({ concept }) => concept === fact.concept));
    for (const { concept, kindIndex } of fact.sights) {
      assertEquals(kindIndex, world.kindOf[concept]);
    }
  }
  const mixed = facts.filter(({ sights }) => new Set(sights.map((s) => s.concept)).size > 1);
  assert(mixed.length > 100 && mixed.length < 400, `${mixed.length} of 400 are mixed`);
});

/** The form that a question was made from, and the words in its gaps. */
function parseQuestion(instruction: string): { topic: Topic; gaps: readonly string[] } {
  for (const [topic, forms] of Object.entries(instructions)) {
    for (const form of forms) {
      const pattern = form.replace(/[?]/g, "[?]").replaceAll("{}", "(.+)");
      const found = instruction.match(new RegExp(`^${pattern}$`));
      if (found) return { topic: topic as Topic, gaps: found.slice(1) };
    }
  }
  throw new RangeError(`Cannot read "${instruction}"`);
}

Deno.test("ask() answers what is on the image, covers every topic, and words tell nothing", () => {
  const random = new Random(7);
  const { facts } = world.sampleBatch(new Random(8), 4000, { digits: 0.2, multiples: 0.2 });
  const topics = new Map<Topic, string[]>();
  for (const fact of facts) {
    const { instruction, answer } = ask(world, fact, random);
    const { topic, gaps } = parseQuestion(instruction);
    const named = fact.sights.filter(({ concept, kindIndex }) =>
      world.names[concept] === gaps[0] || world.kinds[kindIndex] === gaps[0]
    ).length;
    const colour = colourNames[fact.colour];
    const truth: Readonly<Record<Topic, string | undefined>> = {
      kind: world.kinds[fact.kindIndex],
      name: world.names[fact.concept],
      digit: world.names[fact.concept],
      count: countNames[fact.count],
      colour,
      frequency: countNames[named],
      identity: named > 0 ? "yes" : "no",
      presence: named > 0 ? "yes" : "no",
      match: named > 0 && gaps[1] === colour ? "yes" : "no",
    };
    assertEquals(answer, truth[topic], instruction);
    assert(answer.length <= 24);
    topics.set(topic, [...topics.get(topic) ?? [], answer]);
  }
  assertEquals([...topics.keys()].sort(), Object.keys(instructions).sort());
  for (const topic of ["identity", "presence", "match"] as const) {
    const answers = topics.get(topic)!;
    const yes = answers.filter((answer) => answer === "yes").length / answers.length;
    assert(yes > 0.4 && yes < 0.7, `${topic}: yes ${yes}`);
  }
});

Deno.test("everyText() covers every question and its answer", () => {
  const vocabulary = new Set(everyText(world).flatMap((text) => text.split(/\s+/)));
  const random = new Random(8);
  for (const fact of world.sampleBatch(new Random(8), 200).facts) {
    const { instruction, answer } = ask(world, fact, random);
    for (const word of `${instruction} ${answer}`.split(/\s+/)) {
      assert(vocabulary.has(word) || vocabulary.has(word.replace("?", "")), word);
    }
  }
});
