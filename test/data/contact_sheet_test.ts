import { assertEquals } from "@std/assert";
import { sheetHtml } from "../../lib/data/contact_sheet.ts";

Deno.test("sheetHtml() shows answers and what is broken, in light and dark colours", async () => {
  const row = { split: "test", where: "a<b.png", instruction: 'a "?"' } as const;
  const html = await sheetHtml("cats & dogs", [
    { ...row, planes: new Float32Array(3 * 96 * 96), answer: "cat" },
    { ...row, planes: "the file is <empty>", answer: "dog" },
  ]);
  const shown = html.replace(/<style>.*<\/style>/, "<style>").replace(/base64,[^"]*/, "base64,");
  assertEquals(
    shown,
    `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>cats &amp; dogs</title>
<meta name="viewport" content="width=device-width"><style>
<h1>cats &amp; dogs</h1>
<figure title="a&lt;b.png: a &quot;?&quot;"><img width="96" height="96" alt="" src="data:image/png;base64,"><figcaption>cat<br><small>test</small></figcaption></figure>
<figure title="a&lt;b.png: a &quot;?&quot;"><p class="broken">the file is &lt;empty&gt;</p><figcaption>dog<br><small>test</small></figcaption></figure>
</html>
`,
  );
  const style = /<style>(.*)<\/style>/.exec(html)![1]!;
  const dark = /@media \(prefers-color-scheme:dark\)\{:root\{([^}]*)\}/.exec(style)![1]!;
  const light = /^:root\{color-scheme:light dark;([^}]*)\}/.exec(style)![1]!;
  const colours = (rules: string) => [...rules.matchAll(/--\w+/g)].map(([name]) => name);
  assertEquals(colours(dark), colours(light));
});
