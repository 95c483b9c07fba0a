import { assertEquals, assertThrows } from "@std/assert";
import { readFeeds } from "../../lib/cli/read_feeds.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import type { Dim, ValueInfo, ValueType } from "../../lib/onnx/ir/model.ts";
import type { DType } from "../../lib/tensor/dtype.ts";
import { encodeNpy } from "../../lib/tensor/npy.ts";
import { zeros } from "../../lib/tensor/tensor.ts";
import { inFolder } from "./workplace.ts";

const tensorType = (dtype: DType, dims?: readonly Dim[]): ValueType => ({
  kind: "tensor",
  dtype,
  ...(dims === undefined ? {} : { dims }),
});

const image = tensorType("float32", ["batch", 3, 16, 16]);

/** An input's type, and what a file holds for it. */
type Side = readonly [type: ValueType, dtype: DType, dims: readonly number[]];

interface Row {
  /** The inputs x and z. */
  readonly x: Side;
  readonly z?: Side;
  readonly given?: Readonly<Record<string, number>>;
  /** Sizes that are known afterwards, or what is said of inputs. */
  readonly sizes?: Readonly<Record<string, number>>;
  readonly refused?: readonly string[];
}

const convert = 'convert it in Python: numpy.save("FILE.npy", array.astype("float32"))';

const rows: readonly Row[] = [
  { x: [image, "float32", [2, 3, 16, 16]], sizes: { batch: 2 } },
  { x: [image, "float32", [2, 3, 16, 16]], given: { batch: 2 }, sizes: { batch: 2 } },
  { x: [tensorType("float32"), "float32", [7]], sizes: {} },
  { x: [{ kind: "unknown" }, "int64", [7]], sizes: {} },
  {
    x: [image, "float32", [2, 3, 16, 17]],
    refused: ['"x": it is float32[batch, 3, 16, 16], "x.npy" holds float32[2, 3, 16, 17]'],
  },
  {
    x: [image, "float32", [3, 16, 16]],
    refused: ['"x": it is float32[batch, 3, 16, 16], "x.npy" holds float32[3, 16, 16]'],
  },
  {
    x: [image, "float64", [2, 3, 16, 16]],
    refused: ['"x": it is float32[batch, 3, 16, 16], "x.npy" holds float64[2, 3, 16, 16]', convert],
  },
  {
    x: [image, "int64", [2, 3, 16, 16]],
    refused: ['"x": it is float32[batch, 3, 16, 16], "x.npy" holds int64[2, 3, 16, 16]', convert],
  },
  {
    x: [image, "float32", [2, 3, 16, 16]],
    given: { batch: 3 },
    refused: [
      '"x": it is float32[batch, 3, 16, 16], "x.npy" holds float32[2, 3, 16, 16]',
      "batch is 3 by --dim",
    ],
  },
  {
    x: [tensorType("float32", ["n"]), "float32", [2]],
    z: [tensorType("float32", ["2*n", "m"]), "float32", [4, 5]],
    sizes: { n: 2, "2*n": 4, m: 5 },
  },
  {
    x: [tensorType("float32", ["n"]), "float32", [2]],
    z: [tensorType("float32", ["n"]), "float32", [3]],
    refused: ['"z": it is float32[n], "z.npy" holds float32[3]', 'n is 2 by "x.npy"'],
  },
  {
    // Dimensions without a name are not the same.
    x: [tensorType("float32", ["?0", "?1"]), "float32", [2, 3]],
    sizes: { "?0": 2, "?1": 3 },
  },
  {
    x: [{ kind: "sequence", element: image }, "float32", [2]],
    refused: ['"x": it is sequence<float32[batch, 3, 16, 16]>, "x.npy" holds float32[2]'],
  },
];

Deno.test("readFeeds() takes values of the type and shape of their inputs only", () =>
  inFolder((folder) => {
    for (const { x, z, given = {}, sizes, refused } of rows) {
      const sides = Object.entries({ x, ...(z === undefined ? {} : { z }) });
      const inputs = sides.map(([name, [type]]): ValueInfo => ({ name, type }));
      const texts = sides.map(([name, [, dtype, dims]]) => {
        Deno.writeFileSync(`${folder}/${name}.npy`, encodeNpy(zeros(dtype, dims)));
        return `${name}=${folder}/${name}.npy`;
      });
      if (refused === undefined) {
        const read = readFeeds(inputs, texts, given);
        assertEquals(read.sizes, sizes);
        assertEquals(
          Object.entries(read.values).map(([name, { dims }]) => [name, dims]),
          sides.map(([name, [, , dims]]) => [name, dims]),
        );
        continue;
      }
      const error = assertThrows(() => readFeeds(inputs, texts, given), DiagnosticError);
      const said = error.diagnostics.flatMap(({ message, notes = [] }) => [message, ...notes]);
      assertEquals(
        said.map((text) => text.replaceAll(`${folder}/`, "").replace("Cannot feed ", "")),
        refused,
      );
      assertEquals(error.diagnostics.map(({ code }) => code), ["unreadable-feed"]);
    }
    return Promise.resolve();
  }));
