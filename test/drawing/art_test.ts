import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  artBytes,
  artSize,
  findSvg,
  type IconSet,
  loadArtwork,
  slugOf,
} from "../../lib/drawing/art.ts";

const set: IconSet = {
  width: 128,
  icons: {
    "dog-face": { body: "<a/>" },
    "pouting-cat-face": { body: "<b/>" },
    "oncoming": { body: "<c/>", left: 2, top: 3, width: 10, height: 20 },
  },
  aliases: { "cat-face": { parent: "pouting-cat-face" } },
};

Deno.test("slugOf() writes names as icon sets do", () => {
  const cases = [
    ["dog face", "dog-face"],
    ["woman’s hat", "womans-hat"],
    ["A (blood type)", "a-blood-type"],
  ] as const;
  for (const [label, slug] of cases) assertEquals(slugOf(label), slug);
});

Deno.test("findSvg() looks by code points, name, older name and alias", () => {
  const cases = [
    [{ label: "dog face" }, "<a/>"],
    [{ label: "puppy", hexcode: "1F436-FE0F" }, "<a/>"],
    [{ label: "pouting cat" }, "<b/>"],
    [{ label: "cat face" }, "<b/>"],
    [{ label: "wolf" }, undefined],
  ] as const;
  for (const [subject, body] of cases) {
    const svg = findSvg(subject, set, { "1f436": "dog-face" });
    if (body === undefined) assertEquals(svg, undefined, subject.label);
    else assertStringIncludes(svg ?? "", body, subject.label);
  }
});

Deno.test("findSvg() takes the box of the icon, or of the set", () => {
  assertStringIncludes(findSvg({ label: "oncoming" }, set)!, 'viewBox="2 3 10 20"');
  assertStringIncludes(findSvg({ label: "dog face" }, set)!, 'viewBox="0 0 128 16"');
});

Deno.test("loadArtwork() renders once and keeps the pixels", async () => {
  const downloads = await Deno.makeTempDir();
  const icons = `${downloads}/emojione-1.2.3/icons.json`;
  await Deno.mkdir(`${downloads}/emojione-1.2.3`);
  await Deno.writeTextFile(
    icons,
    JSON.stringify({
      width: 64,
      height: 64,
      icons: { cat: { body: '<rect width="32" height="64" fill="#0f0"/>' } },
    }),
  );
  const subjects = [{ label: "dog" }, { label: "cat" }];
  const first = await loadArtwork("emojione", subjects, { downloads });
  assertEquals(first.drawn, [false, true]);
  assertEquals(first.pixels.length, 2 * artBytes);
  const row = artBytes + 10 * artSize * 4;
  assertEquals([...first.pixels.subarray(row, row + 4)], [0, 255, 0, 255]);
  assertEquals(first.pixels[row + 40 * 4 + 3], 0);
  assert(first.pixels.subarray(0, artBytes).every((value) => value === 0));

  await Deno.remove(icons);
  assertEquals(await loadArtwork("emojione", subjects, { downloads }), first);
  await Deno.remove(downloads, { recursive: true });
});
