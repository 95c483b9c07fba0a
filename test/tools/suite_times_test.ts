import { assertEquals } from "@std/assert";
import { folderTimes, timesTable } from "./suite_times.ts";

Deno.test("folderTimes() adds up the tests of each folder, the slowest first", () => {
  const junit = `<testsuites>
    <testcase name="a" classname="./test/cli/a_test.ts" time="1.5" line="6" col="6"/>
    <testcase name="b" classname="./test/cache/local/b_test.ts" time="2.25" line="6" col="6"/>
    <testcase name="c" classname="./test/cli/c_test.ts" time="1" line="6" col="6"/>
  </testsuites>`;
  const times = folderTimes(junit);
  assertEquals(times, [
    { folder: "cli", tests: 2, seconds: 2.5 },
    { folder: "cache", tests: 1, seconds: 2.25 },
  ]);
  assertEquals(timesTable(times).split("\n")[2], "| `test/cli/` | 2 | 2.5 |");
});
