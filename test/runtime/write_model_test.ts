/** Models on disk: written, read again and run, with weights in files of other folders. */
import { assertEquals, assertRejects } from "@std/assert";
import { basename, join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import type { Model, Weight } from "../../lib/onnx/ir/model.ts";
import { readModelFile } from "../../lib/runtime/read_model.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { spillWeights } from "../../lib/runtime/spill_file.ts";
import { writeModel } from "../../lib/runtime/write_model.ts";
import { tensor } from "../../lib/tensor/tensor.ts";

const width = 300;
const values = Float32Array.from({ length: width }, (_, i) => i / 4);

/** y = x + w, with `w` where the caller puts it. */
function modelWith(weight: (name: string) => Weight | undefined): Model {
  const b = new GraphBuilder();
  const own = weight("w");
  const w = b.initializer("w", own ?? tensor("float32", [width], values));
  b.output(b.op("Add", [b.input("x", "float32", [width]), w]), "y");
  return b.finish();
}

const inFile = (directory: string): Weight => ({
  dtype: "float32",
  dims: [width],
  data: { kind: "external", directory, location: "w.data", offset: 0, length: 4 * width },
});

async function withFolders(test: (from: string, to: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    for (const name of ["from", "to"]) await Deno.mkdir(join(folder, name));
    await Deno.writeFile(join(folder, "from/w.data"), new Uint8Array(values.buffer));
    await test(join(folder, "from"), join(folder, "to"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function resultOf(path: string): Promise<number[]> {
  await using session = await openSession(await readModelFile(path), {
    provider: "cpu",
    threads: 1,
  });
  const x = tensor("float32", [width], new Float32Array(width).fill(1));
  return [...(await session.run({ x })).y!.data].map(Number);
}

const expected = [...values].map((value) => value + 1);

const filesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("writeModel() keeps small weights in the file, and leaves nothing else behind", () =>
  withFolders(async (_, to) => {
    const path = join(to, "model.onnx");
    const written = await writeModel(modelWith(() => undefined), path);
    assertEquals(written.weights, []);
    assertEquals(written.bytes, Deno.statSync(path).size);
    assertEquals(filesIn(to), ["model.onnx"]);
    assertEquals(await resultOf(path), expected);
  }));

Deno.test("writeModel() leaves nothing of a model that the disk has no room for", () =>
  withFolders(async (_from, to) => {
    const { writeFile } = Deno;
    Deno.writeFile = async (path, bytes) => {
      await writeFile(path, (bytes as Uint8Array<ArrayBuffer>).subarray(0, 10));
      throw new RangeError("No space left on device");
    };
    try {
      const model = modelWith(() => undefined);
      await assertRejects(() => writeModel(model, join(to, "m.onnx")), Error, "No space left");
    } finally {
      Deno.writeFile = writeFile;
    }
    assertEquals([...Deno.readDirSync(to)], []);
  }));

Deno.test("writeModel() copies weights of another folder, once, and leaves them one name", () =>
  withFolders(async (from, to) => {
    const path = join(to, "model.onnx");
    const model = modelWith(() => inFile(from));
    const source = join(from, "w.data");
    const first = await writeModel(model, path);
    assertEquals(first.weights, [{ location: "w.data", how: "copied", from: source }]);
    assertEquals([Deno.statSync(source).nlink, Deno.statSync(join(to, "w.data")).nlink], [1, 1]);
    const second = await writeModel(model, path);
    assertEquals(second.weights, [{ location: "w.data", how: "kept" }]);
    assertEquals(filesIn(to), ["model.onnx", "w.data"]);
    assertEquals(await resultOf(path), expected);
  }));

Deno.test("writeModel() takes another name where other bytes have the weights' name", () =>
  withFolders(async (from, to) => {
    await Deno.writeTextFile(join(to, "w.data"), "something else");
    const path = join(to, "model.onnx");
    const { weights } = await writeModel(modelWith(() => inFile(from)), path);
    assertEquals(weights.map(({ location }) => location), ["model.onnx.1.data"]);
    assertEquals(Deno.readTextFileSync(join(to, "w.data")), "something else");
    assertEquals(await resultOf(path), expected);
  }));

Deno.test("spillWeights() moves weights of a kilobyte and more, and they are read from there", () =>
  withFolders(async (_, to) => {
    const spilt = spillWeights(modelWith(() => undefined), to, "inline.data");
    assertEquals(spilt.graph.initializers.get("w")!.data, {
      kind: "external",
      directory: to,
      location: "inline.data",
      offset: 0,
      length: 4 * width,
    });
    await Deno.writeFile(join(to, "model.onnx"), encodeModel(spilt));
    assertEquals(await resultOf(join(to, "model.onnx")), expected);
  }));

/** What a folder holds as `model.onnx`, and what reading it says. */
const unreadable: Readonly<Record<string, (from: string, path: string) => void>> = {
  "there is no such file": () => {},
  "it is not a regular file": (_, path) => Deno.mkdirSync(path),
  "the file is empty": (_, path) => Deno.writeFileSync(path, new Uint8Array()),
  'Cannot read the weights of "w" in file "w.data": it has 1196 bytes, the model needs 1200': (
    from,
    path,
  ) => {
    Deno.writeFileSync(path, encodeModel(modelWith(() => inFile(from))));
    const bytes = Deno.readFileSync(join(from, "w.data"));
    Deno.writeFileSync(join(path, "../w.data"), bytes.subarray(4));
  },
  'Cannot read the weights of "w" in file "w.data": it is missing': (from, path) =>
    Deno.writeFileSync(path, encodeModel(modelWith(() => inFile(from)))),
};

for (const [cause, prepare] of Object.entries(unreadable)) {
  Deno.test(`readModelFile() says of a file: ${cause}`, () =>
    withFolders(async (from, to) => {
      const path = join(to, "model.onnx");
      prepare(from, path);
      const error = await assertRejects(() => readModelFile(path), DiagnosticError);
      assertEquals(error.diagnostics.map(({ message }) => message), [
        `Cannot read "${path}": ${cause}`,
      ], basename(path));
    }));
}
