import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { decodeModel, OnnxDecodeError } from "../../../lib/onnx/codec/decode.ts";
import { encodeModel } from "../../../lib/onnx/codec/encode.ts";
import type { Attribute, Model, Node, Weight } from "../../../lib/onnx/ir/model.ts";
import { tensorFromWeight, weightFromTensor } from "../../../lib/onnx/ir/weight.ts";
import { tensor } from "../../../lib/tensor/tensor.ts";

const weight: Weight = weightFromTensor(
  tensor("float32", [2, 2], new Float32Array([1, -2, 0.5, 1e-9])),
);

function modelOf(nodes: readonly Node[], initializers: Record<string, Weight> = {}): Model {
  return {
    irVersion: 9,
    opset: 18,
    domains: { "com.microsoft": 1 },
    graph: {
      name: "g",
      nodes,
      inputs: [{ name: "x", type: { kind: "tensor", dtype: "float32", dims: ["batch", 2] } }],
      outputs: [{ name: "y", type: { kind: "tensor", dtype: "float32" } }],
      initializers: new Map(Object.entries(initializers)),
      values: new Map([["h", {
        kind: "sequence",
        element: { kind: "tensor", dtype: "int64", dims: [] },
      }]]),
    },
    functions: [{
      name: "Twice",
      domain: "local",
      inputs: ["a"],
      outputs: ["b"],
      attributes: ["k", "alpha"],
      attributeDefaults: { alpha: { type: "float", value: 0.5 } },
      nodes: [node("Foo", ["a"], ["b"], { k: { type: "ref", value: "k", refType: 2 } })],
      opsets: { "": 18 },
    }],
    metadata: { author: "nobody" },
  };
}

function node(
  opType: string,
  inputs: string[],
  outputs: string[],
  attributes: Record<string, Attribute> = {},
): Node {
  return { name: `${opType}_0`, opType, domain: "", inputs, outputs, attributes };
}

Deno.test("decodeModel() gives back what encodeModel() wrote", () => {
  const attributes: Record<string, Attribute> = {
    i: { type: "int", value: -3 },
    big: { type: "int", value: 2 ** 63 },
    f: { type: "float", value: 0.25 },
    s: { type: "string", value: "äöü" },
    t: { type: "tensor", value: weight },
    is: { type: "ints", value: [1, -1, 2 ** 40] },
    none: { type: "ints", value: [] },
    fs: { type: "floats", value: [0.5, -8] },
    ss: { type: "strings", value: ["a", ""] },
    ts: { type: "tensors", value: [weight] },
    g: { type: "graph", value: modelOf([]).graph },
  };
  const model = modelOf([node("Op", ["x", "", "w"], ["y"], attributes)], { w: weight });
  const again = decodeModel(encodeModel(model));
  assertEquals(again, model);
});

const anyNumber = fc.float({ noNaN: true }).filter((x) => !Object.is(x, -0));
const anyAttribute: fc.Arbitrary<Attribute> = fc.oneof(
  fc.maxSafeInteger().map((value): Attribute => ({ type: "int", value })),
  anyNumber.map((value): Attribute => ({ type: "float", value })),
  fc.string({ unit: "grapheme" }).map((value): Attribute => ({ type: "string", value })),
  fc.array(fc.maxSafeInteger()).map((value): Attribute => ({ type: "ints", value })),
  fc.array(anyNumber).map((value): Attribute => ({ type: "floats", value })),
  fc.array(fc.string()).map((value): Attribute => ({ type: "strings", value })),
);
const anyNode: fc.Arbitrary<Node> = fc.record({
  name: fc.string(),
  opType: fc.stringMatching(/^[A-Z][a-z]{0,8}$/),
  domain: fc.constantFrom("", "com.microsoft", "local"),
  inputs: fc.array(fc.constantFrom("x", "", "w")),
  outputs: fc.array(fc.string()),
  attributes: fc.dictionary(fc.string(), anyAttribute, { noNullPrototype: true }),
});

Deno.test("decodeModel() gives back any nodes that encodeModel() wrote", () => {
  fc.assert(
    fc.property(anyNode, (one) => {
      const model = modelOf([one], { w: weight });
      assertEquals(decodeModel(encodeModel(model)), model);
    }),
    { seed: 3, numRuns: 300 },
  );
});

Deno.test("decodeModel() reads weights without copying", () => {
  const large = weightFromTensor(tensor("float32", [4096], new Float32Array(4096).fill(3)));
  const bytes = encodeModel(modelOf([], { large }));
  const data = decodeModel(bytes).graph.initializers.get("large")!.data;
  assert(data.kind === "inline");
  assert(data.bytes.buffer === bytes.buffer);
});

Deno.test("decodeModel() keeps references to external data", () => {
  const data = { kind: "external", directory: "/m", location: "w.bin", offset: 64, length: 16 };
  const model = modelOf([], { w: { ...weight, data } as Weight });
  const again = decodeModel(encodeModel(model), { directory: "/m" });
  assertEquals(again.graph.initializers.get("w"), { ...weight, data } as Weight);
  assertThrows(
    () => tensorFromWeight(again.graph.initializers.get("w")!),
    TypeError,
    `Cannot read a weight in "w.bin": it is stored in a file, and no reader is given`,
  );
});

Deno.test("decodeModel() says what is wrong with a file that is not a model", () => {
  const good = encodeModel(modelOf([node("Op", ["x"], ["y"])], { w: weight }));
  const cases: [string, Uint8Array, string][] = [
    ["empty", new Uint8Array(), "Cannot decode model: the file is empty"],
    [
      "truncated",
      good.subarray(0, good.length - 10),
      "Cannot decode model: the file is truncated or not ONNX, byte",
    ],
    [
      "pointer",
      new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\n"),
      "it is a pointer of Git LFS; fetch the file itself: git lfs pull",
    ],
    ["html", new TextEncoder().encode("<!doctype html>"), "it is a web page"],
    ["json", new TextEncoder().encode(`{"error": "no such file"}`), "it is JSON"],
    ["other protobuf", new Uint8Array([8, 9]), "hold no graph"],
    ["zeros", new Uint8Array(100), "byte 1 of 100: illegal tag"],
  ];
  for (const [name, bytes, message] of cases) {
    const error = assertThrows(() => decodeModel(bytes), OnnxDecodeError);
    assertStringIncludes(error.message, message, name);
  }
});

Deno.test("decodeModel() names the tensor whose data do not fit", () => {
  const wrong: Weight = { ...weight, dims: [3, 2] };
  assertThrows(
    () => decodeModel(encodeModel(modelOf([], { w: wrong }))),
    OnnxDecodeError,
    `Cannot decode tensor "w": float32 of shape [3,2] has 24 bytes, the file holds 16`,
  );
});

Deno.test("decodeModel() throws nothing but OnnxDecodeError on damaged files", () => {
  const good = encodeModel(modelOf([node("Op", ["x"], ["y"])], { w: weight }));
  fc.assert(
    fc.property(
      fc.nat(good.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.nat(good.length),
      (at, flip, length) => {
        const bytes = good.slice(0, length);
        if (at < length) bytes[at]! ^= flip;
        try {
          decodeModel(bytes);
        } catch (error) {
          assert(error instanceof OnnxDecodeError, String(error));
        }
      },
    ),
    { seed: 1, numRuns: 2000 },
  );
});

Deno.test("encodeModel() tells overloads from colons in names", () => {
  const rows: readonly (readonly [opType: string, written: string])[] = [
    ["aten::add", "aten::add"],
    ["aten::add:Tensor", "aten::add"],
    ["Twice:double", "Twice"],
    ["Twice:", "Twice:"],
  ];
  for (const [opType, written] of rows) {
    const bytes = encodeModel(modelOf([{ ...node(opType, ["x"], ["y"]), name: "" }]));
    assertEquals(decodeModel(bytes).graph.nodes[0]!.opType, opType);
    // The field of the operator's name, with its length.
    const field = `\x22${String.fromCharCode(written.length)}${written}`;
    assertStringIncludes(new TextDecoder().decode(bytes), field);
  }
});
