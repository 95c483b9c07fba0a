import { assertEquals } from "@std/assert";
import { dotGraph, mermaidGraph, treeGraph } from "../../lib/cli/commands/graph.ts";

const nodes = [
  { name: "a", needs: [] },
  { name: "b", needs: ["a"] },
  { name: 'c "x"', needs: ["a", "b"] },
  { name: "d", needs: ["b", 'c "x"'] },
];

Deno.test("treeGraph() draws each last node with what it needs, once", () => {
  assertEquals(treeGraph(nodes), 'd\n├─ b\n│  └─ a\n└─ c "x"\n   ├─ a\n   └─ b …\n');
});

Deno.test("treeGraph() cuts a chain that no screen could show", () => {
  const chain = Array.from({ length: 20_000 }, (_, index) => ({
    name: `s${index}`,
    needs: index === 0 ? [] : [`s${index - 1}`],
  }));
  const lines = treeGraph(chain).trimEnd().split("\n");
  assertEquals([lines.length, lines[0], lines.at(-1)!.trim()], [101, "s19999", "└─ s19899 …"]);
});

Deno.test("mermaidGraph() and dotGraph() quote names", () => {
  assertEquals(mermaidGraph(nodes.slice(2, 3)).split("\n")[1], '  n0["c #quot;x#quot;"]');
  assertEquals(dotGraph(nodes.slice(2, 3)).split("\n")[2], '  "c \\"x\\"";');
});
