import { assertEquals } from "@std/assert";
import { issueText } from "../../lib/diagnostic/schema_issue.ts";

Deno.test("issueText() says where, what was expected and what is there", () => {
  const input = { canvas: -8, sources: [{ name: [] }], long: "x".repeat(100) };
  const cases: readonly [readonly PropertyKey[], string][] = [
    [["canvas"], "canvas must be text, but is -8"],
    [["sources", 0, "name"], "sources[0].name must be text, but is a list of 0"],
    [["sources", 0], "sources[0] must be text, but is a map"],
    [["sources", 1, "name"], "sources[1].name must be text, but is missing"],
    [["long"], `long must be text, but is "${"x".repeat(58)}…`],
    [[], "it must be text, but is a map"],
  ];
  for (const [path, text] of cases) {
    assertEquals(issueText([{ path, message: "text" }], input), text);
  }
  assertEquals(issueText([{ path: [], message: "a map" }], null), "it must be a map, but is null");
});
