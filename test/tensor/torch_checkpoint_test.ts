import { assertEquals, assertThrows } from "@std/assert";
import { fromNumbers, toNumbers } from "../../lib/tensor/convert.ts";
import { PickleError } from "../../lib/tensor/pickle_object.ts";
import { sizeOf, type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { encodeTorchCheckpoint } from "../../lib/tensor/encode_torch_checkpoint.ts";
import { readTorchCheckpoint } from "../../lib/tensor/torch_checkpoint.ts";
import { decodeZip, ZipError } from "../../lib/tensor/unzip.ts";
import { encodeZip } from "../../lib/tensor/zip.ts";

const decode = (bytes: Uint8Array) => readTorchCheckpoint(bytes).tensors;

const read = (name: string) =>
  Deno.readFileSync(new URL(`../golden/torch/${name}`, import.meta.url));

/** Element i is i / 8 − 3, as `test/golden/make_torch_checkpoints.py` has it. */
const ramp = (...dims: number[]) =>
  fromNumbers("float32", dims, Array.from({ length: sizeOf(dims) }, (_, i) => i / 8 - 3));

const perturbation = ramp(3, 4, 4);

const files: readonly [string, Record<string, Tensor>][] = [
  ["tensor.pth", { perturbation }],
  ["legacy.pth", { perturbation }],
  ["protocol4.pth", { perturbation }],
  ["parameter.pth", { perturbation }],
  ["state_dict.pth", { "model.perturbation": perturbation, "model.mask": ramp(4, 4) }],
  ["alone.pth", { "": perturbation }],
  ["module.pth", { perturbation, mask: ramp(4, 4) }],
];

for (const [name, expected] of files) {
  Deno.test(`readTorchCheckpoint() reads ${name} bit by bit`, () => {
    assertEquals(decode(read(name)), expected);
  });
}

Deno.test("readTorchCheckpoint() reads every element type, in both formats", () => {
  for (const name of ["types.pth", "types_legacy.pth"]) {
    const tensors = decode(read(name));
    assertEquals(Object.keys(tensors).length, 9);
    for (const [dtype, x] of Object.entries(tensors)) {
      assertEquals(x.dtype, dtype);
      const expected = dtype === "bool"
        ? [0, 1, 1]
        : dtype.includes("float")
        ? [-3, -2.875, -2.75]
        : [0, 1, 2];
      assertEquals([...toNumbers(x)], expected, `${name} ${dtype}`);
    }
  }
});

Deno.test("readTorchCheckpoint() follows strides and offsets", () => {
  const { turned, part, wide } = decode(read("views.pth"));
  const at = (row: number, column: number) => (6 * row + column) / 8 - 3;
  assertEquals(turned!.dims, [6, 4]);
  assertEquals(turned!.data[4 * 5 + 1], at(1, 5));
  assertEquals([...toNumbers(part!)], [1, 2].flatMap((r) => [2, 3, 4].map((c) => at(r, c))));
  assertEquals([...toNumbers(wide!)], [0, 1, 2].flatMap(() => [at(0, 0), at(0, 1)]));
});

Deno.test("readTorchCheckpoint() runs nothing and names what it was asked for", () => {
  const bytes = encodeZip({ "a/data.pkl": read("runs.pkl"), "a/version": new Uint8Array(1) });
  const message = 'Cannot read pickle: it asks to run "posix.system"; nothing was run';
  assertThrows(() => decode(bytes), PickleError, message);
  assertThrows(() => decode(read("runs.pkl")), PickleError, message);
});

/** A pickle between its protocol and its end, in an archive beside one float32. */
const archive = (...pickle: readonly (number | string)[]) =>
  encodeZip({
    "a/data.pkl": Uint8Array.from([0x80, 2, ...pickle, 0x2e].flatMap((part) =>
      typeof part === "string" ? [...part].map((c) => c.charCodeAt(0)) : [part]
    )),
    "a/data/0": new Uint8Array(new Float32Array([0.5]).buffer),
  });

const int32 = (value: number) =>
  "J" + [0, 8, 16, 24]
    .map((shift) => String.fromCharCode((value >> shift) & 0xff)).join("");
const text = (value: string) => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
const view = (dims: number[], strides: number[]) =>
  `ctorch._utils\n_rebuild_tensor_v2\n((${text("storage")}ctorch\nFloatStorage\n${text("0")}${
    text("cpu")
  }${int32(1)}tQ${int32(0)}(${dims.map(int32).join("")}t(${strides.map(int32).join("")}ttR`;

Deno.test("readTorchCheckpoint() leaves out what is not a tensor, and looks into objects", () => {
  const half = tensor("float32", [1], new Float32Array([0.5]));
  const x = view([1], [1]);
  const cases: readonly [string, string, Record<string, Tensor>][] = [
    [
      "a NumPy number",
      `(${text("acc")}cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(${text("f8")}tRU\x01.tR${
        text("x")
      }${x}u`,
      { x: half },
    ],
    ["a set", `(${text("s")}c__builtin__\nset\n(](K\x01K\x02etR${text("x")}${x}u`, { x: half }],
    ["a device", `(${text("d")}ctorch\ndevice\n(${text("cpu")}tR${text("x")}${x}u`, { x: half }],
    [
      "an ordered dictionary of pairs",
      `(${text("x")}ccollections\nOrderedDict\n(](${text("y")}${x}\x86etRu`,
      { "x.y": half },
    ],
    [
      "attributes",
      `(${text("m")}cmine\nModel\n)\x81}(${text("_parameters")}}(${text("w")}${x}uubu`,
      { "m.w": half },
    ],
    ["a tensor repeated", `(${text("x")}${view([2, 1], [0, 1])}u`, {
      x: tensor("float32", [2, 1], new Float32Array([0.5, 0.5])),
    }],
  ];
  for (const [what, pickle, expected] of cases) {
    assertEquals(decode(archive("}", pickle)), expected, what);
  }
});

Deno.test("readTorchCheckpoint() refuses what asks for more than the file's size allows", () => {
  const doubled = Array.from(
    { length: 40 },
    (_, k) =>
      `h${String.fromCharCode(k)}h${String.fromCharCode(k)}\x86q${String.fromCharCode(k + 1)}0`,
  );
  const laughs = `${text("x")}q\x000${doubled.join("")}`;
  const cases: readonly [Uint8Array, string][] = [
    [archive(view([2 ** 15, 2 ** 15], [0, 0])), "is out of proportion: more than 128 MiB"],
    [archive(view(Array(65).fill(1), Array(65).fill(1))), "a tensor lacks its storage, sizes"],
    [archive("]".repeat(200), "a".repeat(199)), "nested deeper than 100 levels"],
    [archive("(".repeat(1_000_000)), "it has more than 1000000 values"],
    [
      encodeZip({ "a/data.pkl": new TextEncoder().encode(`V${"a".repeat(2 ** 24)}\n`) }),
      "its texts in lines have more than 16777216 bytes",
    ],
    [
      archive(
        "}(",
        text("k".repeat(200)),
        "}(",
        text("l".repeat(200)),
        "}(",
        text("m".repeat(200)),
        view([1], [1]),
        "uuu",
      ),
      "a name in it is longer than 500",
    ],
    [archive("\x8b", "\0\0\x10\0"), "a whole number in it has 1048576 bytes"],
    [archive(laughs, "h\x28h\x28\x93"), "has no name"],
    [
      archive(`(${text("storage")}ctorch\nFloatStorage\n`, laughs, `h\x28${text("cpu")}K\x01tQ`),
      "not one of plain elements",
    ],
  ];
  for (const [bytes, message] of cases) {
    assertThrows(() => decode(bytes), SyntaxError, message);
  }
  const named = decode(archive("}", laughs, "h\x28", view([1], [1]), "s"));
  assertEquals(Object.keys(named), ["?"]);
});

Deno.test("readTorchCheckpoint() says what is wrong with a file", () => {
  const good = read("tensor.pth");
  const legacy = read("legacy.pth");
  const big = Object.fromEntries(decodeZip(good));
  const order = Object.keys(big).find((name) => name.endsWith("byteorder"))!;
  const data = Object.keys(big).find((name) => name.includes("/data/"))!;
  const { [data]: _, ...withoutData } = big;
  const damaged = good.slice();
  damaged[good.length / 2 | 0]! ^= 1;
  const cases: readonly [Uint8Array, string][] = [
    [new Uint8Array(0), "1 bytes are needed at byte 0, there are 0"],
    [new TextEncoder().encode("no pickle"), "0x6e at byte 0 is not an opcode of plain data"],
    [Uint8Array.of(0x80, 2, 0x4b, 1, 0x2e, 0), "torch.save did not write it"],
    [good.subarray(0, good.length - 30), "the file is cut off"],
    [legacy.subarray(0, legacy.length - 4), `${legacy.length} bytes are needed`],
    [damaged, "checksum"],
    [encodeZip({ "a.txt": new Uint8Array(1) }), "the archive has no data.pkl, it has a.txt"],
    [encodeZip({ ...big, [order]: new TextEncoder().encode("big") }), "not little endian"],
    [encodeZip(withoutData), 'storage "0" is missing'],
    [encodeZip({ ...big, [data]: new Uint8Array(8) }), 'of storage "0", which has 2'],
  ];
  for (const [bytes, message] of cases) {
    assertThrows(() => decode(bytes), SyntaxError, message);
  }
  assertThrows(() => decodeZip(read("legacy.pth")), ZipError, "without a directory");
});

Deno.test("readTorchCheckpoint() answers damaged files with a SyntaxError and no other", () => {
  for (const name of ["state_dict.pth", "legacy.pth", "views.pth"]) {
    const bytes = read(name);
    const files = name === "legacy.pth" ? undefined : Object.fromEntries(decodeZip(bytes));
    const pickle = files && Object.keys(files).find((key) => key.endsWith("data.pkl"))!;
    const target = files ? files[pickle!]! : bytes.subarray(0, 300);
    for (let at = 0; at < target.length; at++) {
      for (const value of [0, 0x52, 0xff]) {
        const changed = target.slice();
        changed[at] = value;
        const whole = files
          ? encodeZip({ ...files, [pickle!]: changed })
          : Uint8Array.from([...changed, ...bytes.subarray(300)]);
        try {
          decode(whole);
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
        }
      }
    }
  }
});

Deno.test("encodeTorchCheckpoint() round-trips the official prompt's shape bit by bit", () => {
  const data = Float32Array.from({ length: 3 * 224 * 224 }, (_, i) => Math.sin(i) / 3);
  data.set([NaN, -0, Infinity, 1e-45]);
  const prompt = tensor("float32", [3, 224, 224], data);
  const bytes = encodeTorchCheckpoint({ perturbation: prompt });
  const again = decode(bytes).perturbation!;
  assertEquals(again.dims, [3, 224, 224]);
  assertEquals(new Uint32Array(again.data.slice().buffer), new Uint32Array(data.buffer));
  assertEquals(encodeTorchCheckpoint({ perturbation: again }), bytes);
});

Deno.test("encodeTorchCheckpoint() writes every element type PyTorch has a storage of", () => {
  const tensors = decode(read("types.pth"));
  assertEquals(decode(encodeTorchCheckpoint(tensors)), tensors);
  assertThrows(
    () => encodeTorchCheckpoint({ x: fromNumbers("uint32", [1], [1]) }),
    TypeError,
    "no storage class of uint32",
  );
});
