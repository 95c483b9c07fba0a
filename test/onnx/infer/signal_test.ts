import { assertEquals } from "@std/assert";
import { GraphBuilder } from "../../../lib/onnx/build/builder.ts";

Deno.test("inferShapes() leaves open which axis a DFT changes, where only the run knows it", () => {
  const sizes = (known: boolean) => {
    const b = new GraphBuilder({ opset: 20 });
    const axis = known ? b.scalar(1, "int64") : b.input("axis", "int64", []);
    const x = b.input("x", "float32", [1, 10, 8, 1]);
    const y = b.op("DFT", [x, undefined, axis], { onesided: 1 });
    return b.dims(y)!.map((dim) => typeof dim === "number" ? dim : "open");
  };
  assertEquals(sizes(true), [1, 6, 8, 2]);
  assertEquals(sizes(false), ["open", "open", "open", 2]);
});
