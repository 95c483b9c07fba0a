import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import type { Model, Weight } from "../../lib/onnx/ir/model.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { encodeNpy } from "../../lib/tensor/npy.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { inFolder, tvp } from "./workplace.ts";

/** y = tanh(x w), loss = Σ y; w lies in `folder/weights/w.bin`, 8 bytes after its start. */
async function writeLinear(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/weights`, { recursive: true });
  const values = new Float32Array([0, 0, 1, -2, 0.5, 0.25]);
  await Deno.writeFile(`${folder}/weights/w.bin`, new Uint8Array(values.buffer));
  const data = { directory: folder, location: "weights/w.bin", offset: 8, length: 16 };
  const w: Weight = { dtype: "float32", dims: [2, 2], data: { kind: "external", ...data } };
  const b = new GraphBuilder({ opset: 18 });
  const x = b.input("x", "float32", ["batch", 2]);
  const y = b.op("Tanh", [b.op("MatMul", [x, b.initializer("w", w)])]);
  b.output(y, "y");
  b.output(b.op("ReduceSum", [y], { keepdims: 0 }), "loss");
  await Deno.writeFile(`${folder}/linear.onnx`, encodeModel(b.finish()));
}

/** loss = Σ softmax(x): images of any size; the dimensions have no names, or "?" for one. */
function namelessModel(): Model {
  const b = new GraphBuilder({ opset: 18 });
  const x = b.input("x", "float32", ["?", 3, "?", "?1"]);
  const y = b.op("Softmax", [b.op("ReduceMean", [x, b.int64s([2, 3])], { keepdims: 0 })]);
  b.output(y, "y");
  b.output(b.op("ReduceSum", [y], { keepdims: 0 }), "loss");
  return b.finish();
}

/** A model with an operator that nobody knows. */
function strangeModel(): Model {
  const b = new GraphBuilder({ opset: 18 });
  const x = b.input("x", "float32", [2]);
  const [y] = b.node("Wobble", [x], { domain: "strange.ops", name: "shaky" });
  b.output(y!, "y");
  const model = b.finish();
  return { ...model, domains: { ...model.domains, "strange.ops": 3 } };
}

const point = tensor("float32", [1, 2], new Float32Array([0.5, 1]));
// x w = (1, −0.75); the gradient by x is (1 − tanh²) wᵀ.
const slope = [1, -0.75].map((z) => 1 - Math.tanh(z) ** 2) as [number, number];
const gradient = [slope[0] - 2 * slope[1], 0.5 * slope[0] + 0.25 * slope[1]];

async function runAt(path: string): Promise<number[]> {
  await using session = await openSession(path, { provider: "cpu" });
  const { "grad.x": g } = await session.run({ x: point });
  return [...g!.data as Float32Array];
}

function assertClose(got: readonly number[], expected: readonly number[]): void {
  assertEquals(got.map((v) => v.toFixed(5)), expected.map((v) => v.toFixed(5)));
}

Deno.test("tvp grad writes a model whose weights stay where they are", () =>
  inFolder(async (folder) => {
    await writeLinear(folder);
    const { code, out, err } = await tvp(
      folder,
      ...["grad", "linear.onnx", "--of", "loss", "--wrt", "x", "--wrt", "w"],
      ...["--check", "--dim", "batch=3"],
    );
    assertEquals(code, 0, err + out);
    assertStringIncludes(out, "linear.grad.onnx: ");
    assertStringIncludes(out, "weights weights/w.bin: kept");
    assertEquals(out.match(/^ok {5}[012] {5}[xw] /gm)?.length, 6, out);
    assertClose(await runAt(`${folder}/linear.grad.onnx`), gradient);
    const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assertEquals(files, ["linear.grad.onnx", "linear.onnx", "weights"]);
  }));

Deno.test("tvp grad copies the weights beside a model in another folder", () =>
  inFolder(async (folder) => {
    await writeLinear(folder);
    // The place of the weights is taken by another file of the same size.
    await Deno.mkdir(`${folder}/out/weights`, { recursive: true });
    await Deno.writeFile(`${folder}/out/weights/w.bin`, new Uint8Array(24));
    const args = ["grad", "linear.onnx", "--of", "loss", "--wrt", "x", "-o", "out/step.onnx"];
    const first = JSON.parse((await tvp(folder, ...args, "--json")).out);
    const [from, location] = [`${folder}/weights/w.bin`, "step.onnx.1.data"];
    assertEquals(first.weights, [{ location, how: "copied", from }]);
    assertEquals([first.gradients, first.ok], [["grad.x"], true]);
    assertClose(await runAt(`${folder}/out/step.onnx`), gradient);
    const second = JSON.parse((await tvp(folder, ...args, "--json")).out);
    assertEquals(second.weights, [{ location, how: "kept" }]);
    const written = `${folder}/out/${location}`;
    assertEquals(await Deno.readFile(written), await Deno.readFile(from));
    const names = [from, written].map((file) => Deno.statSync(file).nlink);
    assertEquals(names, [1, 1], "weights with two names are refused by other readers");
  }));

Deno.test("tvp grad gives each output named by --cotangent an input of its shape", () =>
  inFolder(async (folder) => {
    await writeLinear(folder);
    await Deno.writeFile(`${folder}/x.npy`, encodeNpy(point));
    const { code, out, err } = await tvp(
      folder,
      ...["grad", "linear.onnx", "--cotangent", "y", "--wrt", "x", "-o", "step.onnx", "--json"],
      ...["--check", "--feed", "x=x.npy", "--directions", "1", "--seed", "5"],
    );
    assertEquals(code, 0, err);
    const { checks } = JSON.parse(out);
    assertEquals(checks.map((c: { seed: number; ok: boolean }) => [c.seed, c.ok]), [[5, true]]);
    await using session = await openSession(`${folder}/step.onnx`, { provider: "cpu" });
    assertEquals(session.inputs.map(({ name, dims }) => [name, dims]), [
      ["x", ["batch", 2]],
      ["ct.y", ["batch", 2]],
    ]);
  }));

Deno.test("tvp grad and inspect take models that have gradients already, and say the names", () =>
  inFolder(async (folder) => {
    await writeLinear(folder);
    // Arguments of one differentiation after another, and what the last adds.
    const cases: readonly [readonly (readonly string[])[], string][] = [
      [[["--cotangent", "y"], ["--cotangent", "y"]], "takes ct.ct.y, adds grad.grad.x"],
      [[["--of", "y"], ["--cotangent", "grad.x"]], "takes ct.grad.x, adds grad.grad.x"],
      [[["--cotangent", "y"], ["--of", "y"]], "), adds grad.grad.x"],
    ];
    for (const [[first, second], added] of cases) {
      const again = ["grad", "1.onnx", ...second!, "--wrt", "x", "-o", "2.onnx"];
      await tvp(folder, "grad", "linear.onnx", ...first!, "--wrt", "x", "-o", "1.onnx");
      const { code, out, err } = await tvp(folder, ...again, "--check", "--dim", "batch=2");
      assertEquals([code, out.match(/^ok /gm)?.length], [0, 3], out + err);
      assertStringIncludes(out, added);
      const json = JSON.parse((await tvp(folder, ...again, "--json")).out);
      assertEquals(json.gradients, ["grad.grad.x"]);
      assertEquals(json.cotangents, added.match(/ct\.\S*\.\w/g) ?? []);
      const inspect = await tvp(folder, "inspect", "2.onnx");
      assertEquals(inspect.code, 0, inspect.err);
      assertStringIncludes(inspect.out, "every node can be differentiated");
    }
  }));

Deno.test("tvp grad and inspect say why a gradient is zero", () =>
  inFolder(async (folder) => {
    const b = new GraphBuilder({ opset: 18 });
    const [x, z] = [b.input("x", "float32", [2]), b.input("z", "float32", [2])];
    b.output(b.op("Mul", [b.op("Round", [x]), b.op("Floor", [x])]), "y");
    b.output(b.op("Neg", [z]), "other");
    await Deno.writeFile(`${folder}/round.onnx`, encodeModel(b.finish()));
    const asked = ["round.onnx", "--of", "y", "--wrt", "x", "--wrt", "z"];
    const grad = await tvp(folder, "grad", ...asked);
    assertEquals([grad.code, grad.err], [
      0,
      'warning: The gradient by "x" is zero: Round, Floor have derivative 0\n\n' +
      'warning: The gradient by "z" is zero: "y" does not depend on it\n',
    ]);
    assertEquals(JSON.parse((await tvp(folder, "grad", ...asked, "--json")).out).zeros, [
      { name: "x", matters: true, operators: ["Round", "Floor"] },
      { name: "z", matters: false, operators: [] },
    ]);
    const inspect = await tvp(folder, "inspect", ...asked);
    assertStringIncludes(inspect.out, '  zero by "x": Round, Floor have derivative 0\n');
    // A gradient that is not zero has no warning.
    const useful = await tvp(folder, "grad", "round.onnx", "--of", "other", "--wrt", "z");
    assertEquals([useful.code, useful.err], [0, ""]);
  }));

Deno.test("tvp grad takes sizes of dimensions without names by their places", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/nameless.onnx`, encodeModel(namelessModel()));
    const sizes = ["--dim", "x[0]=2", "--dim", "x[2]=4", "--dim", "x[-1]=5"];
    const asked = ["grad", "nameless.onnx", "--of", "y", "--wrt", "x", "--check"];
    const { code, out, err } = await tvp(folder, ...asked, ...sizes, "--directions", "1", "--json");
    assertEquals(code, 0, err);
    const { checks, verdict, ok } = JSON.parse(out);
    assertEquals([verdict, ok], ["ok", true]);
    // The sum of probabilities does not vary, so random weights of them are tried as well.
    type Row = { weights: string; verdict: string; isZero?: boolean };
    assertEquals(checks.map((row: Row) => [row.weights, row.verdict, row.isZero]), [
      ["ones", "ok", true],
      ["random", "ok", undefined],
    ]);
    const fixed = ["--fix", "x[0]=2", "--fix", "x[2]=4", "--fix", "x[3]=5", "-o", "fixed.onnx"];
    assertEquals((await tvp(folder, ...asked.slice(0, -1), ...fixed)).code, 0);
    await using session = await openSession(`${folder}/fixed.onnx`, { provider: "cpu" });
    assertEquals(session.inputs.map(({ dims }) => dims), [[2, 3, 4, 5]]);
  }));

Deno.test("tvp grad checks straight-through gradients without the rounding", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/rounded.onnx`, encodeModel(roundedModel()));
    const asked = ["grad", "rounded.onnx", "--of", "y", "--wrt", "x", "--straight-through"];
    const { code, out } = await tvp(folder, ...asked, "--check", "--dim", "batch=3");
    assertEquals([code, out.match(/^ok {5}[012] /gm)?.length], [0, 3], out);
  }));

/** y = DequantizeLinear(QuantizeLinear(x)) · 2 */
function roundedModel(): Model {
  const b = new GraphBuilder({ opset: 18 });
  const [x, step] = [b.input("x", "float32", ["batch", 2]), b.scalar(0.5)];
  const rounded = b.op("DequantizeLinear", [b.op("QuantizeLinear", [x, step]), step]);
  b.output(b.op("Mul", [rounded, b.scalar(2)]), "y");
  return b.finish();
}

Deno.test("tvp grad passes rounded activations with --straight-through only, in sizes that are fixed", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/rounded.onnx`, encodeModel(roundedModel()));
    const asked = ["grad", "rounded.onnx", "--of", "y", "--wrt", "x"];
    const refused = await tvp(folder, ...asked);
    assertEquals(refused.code, 2);
    assertStringIncludes(refused.err, "tvp grad --straight-through");
    const { code, err } = await tvp(folder, ...asked, "--straight-through", "--fix", "batch=1");
    assertEquals(code, 0, err);
    await using session = await openSession(`${folder}/rounded.grad.onnx`, { provider: "cpu" });
    assertEquals(session.inputs.map(({ dims }) => dims), [[1, 2]]);
    const { "grad.x": g } = await session.run({ x: point });
    assertEquals([...g!.data as Float32Array], [2, 2]);
    const inspect = await tvp(folder, "inspect", "rounded.onnx", "--straight-through");
    assertStringIncludes(inspect.out, "every node can be differentiated");
  }));

Deno.test("tvp grad and inspect name a node that cannot be differentiated", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/strange.onnx`, encodeModel(strangeModel()));
    const message =
      'Cannot differentiate node "shaky": Wobble (domain "strange.ops", opset 3) has no gradient rule';
    const grad = await tvp(folder, "grad", "strange.onnx", "--of", "y", "--wrt", "x");
    assertEquals([grad.code, grad.out], [2, ""]);
    assertStringIncludes(grad.err, message);
    // The command line has no option for rules.
    assertStringIncludes(grad.err, "In a program: give a rule");
    assertEquals([...Deno.readDirSync(folder)].length, 1);
    const inspect = await tvp(folder, "inspect", "strange.onnx");
    assertEquals(inspect.code, 0);
    assertStringIncludes(inspect.out, message);
    assertStringIncludes(
      inspect.out,
      "1 node, 0 left to the CPU, 1 without a kernel on any device\n" +
        '  strange.ops.Wobble "shaky": ONNX Runtime has no operators of domain "strange.ops"',
    );
    const { unsupported } = JSON.parse(
      (await tvp(folder, "inspect", "strange.onnx", "--json")).out,
    );
    assertEquals(unsupported.length, 1);
  }));

Deno.test("tvp grad refuses what it cannot use, before it writes anything", () =>
  inFolder(async (folder) => {
    await writeLinear(folder);
    const bytes = await Deno.readFile(`${folder}/linear.onnx`);
    await Deno.writeFile(`${folder}/cut.onnx`, bytes.subarray(0, bytes.length - 20));
    await Deno.writeTextFile(`${folder}/page.onnx`, "<html></html>");
    await Deno.writeFile(`${folder}/empty.onnx`, new Uint8Array());
    await Deno.writeFile(`${folder}/nameless.onnx`, encodeModel(namelessModel()));
    const long = tensor("float64", [1, 2], new Float64Array(2));
    await Deno.writeFile(`${folder}/long.npy`, encodeNpy(long));
    await Deno.symlink("weights/w.bin", `${folder}/linked.bin`);
    const asked = ["--of", "loss", "--wrt", "x"];
    const cases: readonly [readonly string[], string][] = [
      [["none.onnx", ...asked], 'Cannot read "none.onnx": there is no such file'],
      [["cut.onnx", ...asked], 'Cannot read "cut.onnx": the file is truncated or not ONNX'],
      [["page.onnx", ...asked], "it is a web page"],
      [["empty.onnx", ...asked], 'Cannot read "empty.onnx": the file is empty'],
      [["linear.onnx", "--of", "los", "--wrt", "x"], 'the model has no output "los"'],
      [["linear.onnx", "--of", "loss"], 'Cannot differentiate: "--wrt" names nothing'],
      [["linear.onnx", "--wrt", "x"], 'expected either "--of" or "--cotangent"'],
      [["linear.onnx", ...asked, "--check"], "--dim batch=2"],
      [["linear.onnx", ...asked, "--check", "--dim", "b=2"], 'Cannot set dimension "b"'],
      [["linear.onnx", ...asked, "--check", "--dim", "x[2]=2"], "it has 2 dimensions"],
      [["linear.onnx", ...asked, "--check", "--dim", "x[1]=3"], "it is 2 in the model"],
      [["linear.onnx", ...asked, "--fix", "batch=1", "--fix", "x[0]=2"], "it is already 1"],
      [["linear.onnx", ...asked, "--limit", "1m"], "it works only together with --check"],
      [["linear.onnx", ...asked, "--check", "--limit", "soon"], 'Cannot use "soon" for --limit'],
      [
        ["nameless.onnx", ...asked, "--check"],
        "give them: --dim x[0]=1 --dim x[2]=64 --dim x[3]=64",
      ],
      [["linear.onnx", ...asked, "--check", "--feed", "z=z.npy"], 'Cannot feed "z"'],
      [
        ["linear.onnx", ...asked, "--check", "--feed", "x=long.npy"],
        'Cannot feed "x": it is float32[batch, 2], "long.npy" holds float64[1, 2]',
      ],
      [["linear.onnx", ...asked, "--check", "--feed", "x=page.onnx"], 'Cannot read "page.onnx"'],
      [["linear.onnx", ...asked, "--fix", "bach=2"], 'Cannot set dimension "bach"'],
      [["linear.onnx", ...asked, "-o", "./linear.onnx"], 'it is the source "linear.onnx"'],
      [["linear.onnx", ...asked, "-o", "weights/w.bin"], "it is the source"],
      [["linear.onnx", ...asked, "-o", "linked.bin"], "it is the source"],
      [
        ["linear.onnx", ...asked, "--check", "--feed", "x=long.npy", "-o", "long.npy"],
        'it is the source "long.npy"',
      ],
      [["linear.onnx", ...asked, "--dim", "batch=2"], "it works only together with --check"],
      [["linear.onnx", ...asked, "-o", "weights"], 'Cannot write "weights": it is a folder'],
      [
        ["linear.onnx", ...asked, "-o", "gone/step.onnx"],
        'Cannot write "gone/step.onnx": there is no such folder\n  = make it: mkdir -p "gone"',
      ],
      [["linear.onnx", ...asked, "-o", "page.onnx/y"], 'Cannot write "page.onnx/y"'],
      [
        [".", ...asked],
        'Cannot read ".": it is a folder\n  = its ONNX files: cut.onnx, empty.onnx',
      ],
      [["linear.onnx", ...asked, "-p"], 'Unknown option "-p" of grad'],
    ];
    const before = [...Deno.readDirSync(folder)].length;
    const results = await Promise.all(cases.map(([args]) => tvp(folder, "grad", ...args)));
    results.forEach(({ code, err }, i) => {
      assertEquals(code, 2, cases[i]![0].join(" ") + err);
      assertStringIncludes(err, cases[i]![1]);
    });
    await Deno.truncate(`${folder}/weights/w.bin`, 20);
    const short = await tvp(folder, "grad", "linear.onnx", ...asked);
    assertEquals(short.code, 2);
    assertStringIncludes(short.err, 'w.bin": it has 20 bytes, the model needs 24');
    assertEquals([...Deno.readDirSync(folder)].length, before);
  }));

Deno.test("tvp grad and inspect say how several names are given, and which names there are", () =>
  inFolder(async (folder) => {
    await writeLinear(folder);
    const cases: readonly [readonly string[], RegExp][] = [
      [
        ["grad", "--of", "loss", "--wrt", "x,w"],
        /Cannot use "x,w" for --wrt: it is a list of names\n {2}= repeat --wrt for each name: --wrt x --wrt w\n/,
      ],
      [["grad", "--of", "loss", "--wrt", "x, w"], /--wrt x --wrt w\n/],
      [["grad", "--cotangent", "y,loss", "--wrt", "x"], /--cotangent y --cotangent loss\n/],
      [["inspect", "--wrt", "x,w"], /--wrt x --wrt w\n/],
      [["inspect", "--of", "y,loss"], /--of y --of loss\n/],
      [
        ["grad", "--of", "loss", "--wrt", "x,v"],
        /no input or initializer "x,v"\n {2}= Inputs: "x"\n {2}= Weights: "w"\n/,
      ],
      [["inspect", "--wrt", "pixels"], /neither an input nor a weight\n {2}= known: "x", "w"\n/],
      [["inspect", "--of", "los"], /not an output\n {2}= did you mean "loss"\?\n {2}= known: /],
    ];
    for (const [[command, ...options], message] of cases) {
      const { code, err } = await tvp(folder, command!, "linear.onnx", ...options);
      assertEquals(code, 2, err);
      assertMatch(err, message);
    }
  }));

Deno.test("tvp inspect counts what a model consists of", () =>
  inFolder(async (folder) => {
    await writeLinear(folder);
    const { out } = await tvp(folder, "inspect", "linear.onnx", "--json");
    const { ops, inputs, weights, weightFiles, wrt, of, unsupported } = JSON.parse(out);
    assertEquals(ops, { Identity: 2, MatMul: 1, ReduceSum: 1, Tanh: 1 });
    assertEquals(inputs, [{ name: "x", type: "float32[batch, 2]" }]);
    assertEquals(weights, [{ dtype: "float32", tensors: 1, parameters: 4, bytes: 16 }]);
    assertEquals([weightFiles, wrt, of], [["weights/w.bin"], ["x"], ["y", "loss"]]);
    assertEquals(unsupported, []);
    const text = await tvp(folder, "inspect", "linear.onnx", "--of", "loss");
    assertStringIncludes(text.out, "every node can be differentiated, from x to loss");
    const graph = await tvp(folder, "inspect", "linear.onnx", "--graph");
    assertStringIncludes(graph.out, "Tanh(");
  }));
