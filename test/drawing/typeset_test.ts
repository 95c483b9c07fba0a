import { assert, assertEquals } from "@std/assert";
import { artPackages } from "../../lib/drawing/art_packages.ts";
import { fontOf, loadTypeset, maskSize } from "../../lib/drawing/typeset.ts";

Deno.test("fontOf() names faces as Pango does", () => {
  const cases = [
    ["ttf/DejaVuSans.ttf", "DejaVu Sans 64"],
    ["DejaVuSans-ExtraLight.ttf", "DejaVu Sans ExtraLight 64"],
    ["DejaVuSansMono-BoldOblique.ttf", "DejaVu Sans Mono Bold Oblique 64"],
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
  await Deno.remove(downloads, { recursive: true });
});
