import { assertEquals } from "@std/assert";
import { referencePages } from "../tools/reference.ts";
import { pageText } from "./pages.ts";

Deno.test("the generated pages are up to date; write them by: deno task reference", async () => {
  for (const [path, text] of await referencePages()) assertEquals(pageText(path), text, path);
});
