import { assert, assertEquals } from "@std/assert";
import { artPackages } from "../../lib/drawing/art_packages.ts";
import { fontOf, loadTypeset, maskSize, typefaces } from "../../lib/drawing/typeset.ts";

Deno.test("fontOf() names faces as Pango does", () => {
  const cases = [
    ["ttf/DejaVuSans.ttf", "DejaVu Sans 64"],
    ["DejaVuSans-ExtraLight.ttf", "DejaVu Sans ExtraLight 64"],
    ["DejaVuSansMono-BoldOblique.ttf", "DejaVu Sans Mono Bold Oblique 64"],
    ["400Regular/PatrickHand_400Regular.ttf", "Patrick Hand 64"],
    ["400Regular/Kalam_400Regular.ttf", "Kalam 64"],
    ["a/b/DejaVuSerifCondensed-BoldItalic.ttf", "DejaVu Serif Condensed Bold Italic 64"],
  ] as const;
  for (const [path, font] of cases) assertEquals(fontOf(path), font);
});

Deno.test("artPackages lists every face of DejaVu but the mathematical one, once", () => {
  const fonts = artPackages.dejavu.files.map(fontOf);
  assertEquals(fonts.length, 21);
  assertEquals(new Set(fonts).size, 21);
});

Deno.test("loadTypeset() reads masks that are kept, without the fonts", async () => {
  const downloads = await Deno.makeTempDir();
  await Deno.mkdir(`${downloads}/art`);
  const masks = new Uint8Array(210 * maskSize ** 2).map((_, i) => i % 256);
  await Deno.writeFile(`${downloads}/art/dejavu-2.37.3.mask`, masks);
  const typeset = await loadTypeset({ downloads });
  assertEquals(typeset.faces, 21);
  assert(typeset.masks.every((value, i) => value === i % 256));
  for (const name of typefaces.hand) {
    const mask = new Uint8Array(10 * maskSize ** 2).fill(7);
    await Deno.writeFile(`${downloads}/art/${name}-${artPackages[name].version}.mask`, mask);
  }
  const all = await loadTypeset({ downloads, kinds: ["print", "hand"] });
  assertEquals(all.faces, 32);
  assertEquals(all.masks.subarray(0, masks.length), masks);
  assert(all.masks.subarray(masks.length).every((value) => value === 7));
  await Deno.remove(downloads, { recursive: true });
});
