import { assertEquals } from "@std/assert";
import { OpenFew } from "../../lib/evaluation/open_few.ts";

Deno.test("OpenFew closes what was opened first for what is new, and all at its end", async () => {
  const events: string[] = [];
  const open = (name: string) => () => {
    events.push(`open ${name}`);
    return Promise.resolve({
      [Symbol.asyncDispose]: () => Promise.resolve(void events.push(`close ${name}`)),
    });
  };
  {
    await using few = new OpenFew(2);
    for (const name of ["a", "b", "a", "c"]) await few.get(name, open(name));
  }
  assertEquals(events, ["open a", "open b", "close a", "open c", "close b", "close c"]);
});
