import { assertEquals } from "@std/assert";
import { listedFiles, strangers } from "./publish_size.ts";

Deno.test("listedFiles() reads the list of a dry run, coloured or not", () => {
  const output = `Check file:///p/lib/a.ts
Simulating publish of @tvp/pipeline@0.2.0 with files:
   file:///p/lib/a.ts (12.6KB)
   \x1b[38;5;245mfile:///p/stages/with%20blank.ts\x1b[0m (312B)
Success Dry run complete`;
  assertEquals(listedFiles(output, "file:///p/"), ["lib/a.ts", "stages/with blank.ts"]);
});

Deno.test("strangers() names files that are neither code for users nor about it", () => {
  const files = [
    "lib/a.ts",
    "README.md",
    "deno.json",
    "zoo/m/onnx/a.onnx",
    "test/a.ts",
    "docs/a.md",
  ];
  assertEquals(strangers(files), ["zoo/m/onnx/a.onnx", "test/a.ts", "docs/a.md"]);
});
