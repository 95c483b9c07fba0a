import { assertEquals } from "@std/assert";
import { pageText } from "./pages.ts";

Deno.test("CHANGELOG.md begins with Unreleased and then the version of deno.json", () => {
  const { version } = JSON.parse(pageText("deno.json")) as { version: string };
  const headings = [...pageText("CHANGELOG.md").matchAll(/^## (\S+)(?: - \d{4}-\d\d-\d\d)?$/gm)];
  assertEquals(headings.slice(0, 2).map(([, name]) => name), ["Unreleased", version]);
});
