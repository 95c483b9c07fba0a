import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/yaml";
import { parseArgs } from "@std/cli/parse-args";
import { format } from "@std/fmt/bytes";
import { join } from "@std/path";

Deno.test("the linked standard library parses, joins and formats", () => {
  assertEquals(parse("a: [1, 2]"), { a: [1, 2] });
  assertEquals(parseArgs(["--jobs", "2", "x.yaml"]).jobs, 2);
  assertEquals(join("a", "b"), "a/b");
  assert(format(1536).includes("kB"));
});
