import { assert, assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { format } from "@std/fmt/bytes";
import { join } from "@std/path";

Deno.test("the linked standard library parses, joins and formats", () => {
  assertEquals(parseArgs(["--jobs", "2", "x.yaml"]).jobs, 2);
  assertEquals(join("a", "b"), "a/b");
  assert(format(1536).includes("kB"));
});
