import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import type { Weight } from "../../lib/onnx/ir/model.ts";
import { withSmallWeights } from "../../lib/runtime/weight_files.ts";

/** A weight of one byte in a file. */
const byteOf = (directory: string, location: string, offset: number): Weight => ({
  dtype: "uint8",
  dims: [1],
  data: { kind: "external", directory, location, offset, length: 1 },
});

Deno.test("withSmallWeights() opens each file once", async () => {
  const folder = await Deno.makeTempDir();
  const { openSync } = Deno;
  const opened: string[] = [];
  Deno.openSync = (path, options) => {
    opened.push(String(path));
    return openSync(path, options);
  };
  try {
    const locations = ["a.data", "b.data"];
    for (const location of locations) {
      await Deno.writeFile(join(folder, location), Uint8Array.of(7, 8, 9));
    }
    const model = new GraphBuilder().finish();
    const weights = locations.flatMap((location) =>
      [2, 0, 1].map((offset) =>
        [`${location}.${offset}`, byteOf(folder, location, offset)] as const
      )
    );
    const graph = { ...model.graph, initializers: new Map(weights) };
    const read = withSmallWeights({ ...model, graph }).graph.initializers;
    const bytes = [...read.values()].map(({ data }) => data.kind === "inline" && [...data.bytes]);
    assertEquals(bytes, [[9], [7], [8], [9], [7], [8]]);
    const real = await Deno.realPath(folder);
    assertEquals(opened, locations.map((location) => join(real, location)));
  } finally {
    Deno.openSync = openSync;
    await Deno.remove(folder, { recursive: true });
  }
});
