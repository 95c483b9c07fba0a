import { assert } from "@std/assert";
import fc from "fast-check";
import { GraphBuilder, type Value } from "../../lib/onnx/build/builder.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { Random } from "../../lib/tensor/random.ts";
import { type Tensor, zeros } from "../../lib/tensor/tensor.ts";
import { checkOnce } from "./gradient_case.ts";

/** Makes one more value of those there are, all of rank 2; `undefined` where the op does not fit. */
type Step = (b: GraphBuilder, pick: () => Value, random: Random) => Value | undefined;

const unary = (op: string): Step => (b, pick) => b.op(op, [pick()]);

const binary = (op: string): Step => (b, pick) => {
  const [x, z] = [pick(), pick()];
  const [p, q] = [b.dims(x)!, b.dims(z)!];
  const fits = p.every((dim, i) => dim === q[i] || dim === 1 || q[i] === 1);
  return fits ? b.op(op, [x, z]) : undefined;
};

const matmul: Step = (b, pick) => {
  const [x, z] = [pick(), pick()];
  return b.dims(x)![1] === b.dims(z)![0] ? b.op("MatMul", [x, z]) : undefined;
};

const steps: readonly Step[] = [
  unary("Tanh"),
  unary("Sigmoid"),
  unary("Sin"),
  unary("Softmax"),
  unary("Transpose"),
  (b, pick) => b.op("Exp", [b.op("Tanh", [pick()])]),
  (b, pick) => b.op("Mul", [pick(), b.scalar(0.5, "float64")]),
  binary("Add"),
  binary("Sub"),
  binary("Mul"),
  (b, pick) => {
    const below = b.op("Add", [b.op("Sigmoid", [pick()]), b.scalar(1, "float64")]);
    return binary("Div")(b, () => below, new Random(0));
  },
  matmul,
  matmul,
  matmul,
  (b, pick, random) => b.op("ReduceMean", [pick(), b.int64s([random.integer(2)])]),
  (b, pick, random) => b.op("ReduceSum", [pick(), b.int64s([random.integer(2)])]),
  (b, pick, random) => {
    const axis = random.integer(2);
    const [x, z] = [pick(), pick()];
    if (b.dims(x)![1 - axis] !== b.dims(z)![1 - axis]) return undefined;
    return b.op("Concat", [x, z], { axis });
  },
  (b, pick, random) => {
    const x = pick();
    const axis = random.integer(2);
    const size = b.dims(x)![axis] as number;
    return size < 2
      ? undefined
      : b.op("Slice", [x, b.int64s([1]), b.int64s([size]), b.int64s([axis])]);
  },
  (b, pick, random) => {
    const x = pick();
    const rows = b.dims(x)![0] as number;
    return b.op("Gather", [x, b.int64s([random.integer(rows), random.integer(rows)])]);
  },
  (b, pick) => {
    const x = pick();
    return b.op("Reshape", [x, b.int64s(b.dims(x)!.toReversed() as number[])]);
  },
];

/** Away from kinks and poles: 1.5 + tanh(x) / 2 lies between 1 and 2. */
const bounded = (b: GraphBuilder, x: Value): Value =>
  b.op("Add", [
    b.op("Mul", [b.op("Tanh", [x]), b.scalar(0.5, "float64")]),
    b.scalar(1.5, "float64"),
  ]);

/** Ops whose arguments are bounded first, or which take indices, sizes and other constants. */
const moreSteps: readonly Step[] = [
  ...["Log", "Sqrt", "Reciprocal", "Cos"].map(
    (op): Step => (b, pick) => b.op(op, [bounded(b, pick())]),
  ),
  unary("LogSoftmax"),
  unary("Identity"),
  (b, pick) => b.op("Pow", [bounded(b, pick()), b.scalar(1.7, "float64")]),
  (b, pick, random) => b.op("ReduceL2", [bounded(b, pick()), b.int64s([random.integer(2)])]),
  (b, pick, random) => b.op("ReduceLogSumExp", [pick(), b.int64s([random.integer(2)])]),
  (b, pick, random) => b.op("ReduceProd", [bounded(b, pick()), b.int64s([random.integer(2)])]),
  (b, pick, random) => b.op("ReduceSumSquare", [pick(), b.int64s([random.integer(2)])]),
  (b, pick, random) =>
    b.op("CumSum", [pick(), b.scalar(random.integer(2), "int64")], {
      exclusive: random.integer(2),
      reverse: random.integer(2),
    }),
  (b, pick, random) => b.op("Tile", [pick(), b.int64s([1 + random.integer(2), 1])]),
  (b, pick, random) => b.op("Pad", [pick(), b.int64s([random.integer(2), 0, 0, 1])]),
  (b, pick) => b.op("Trilu", [pick()], { upper: 0 }),
  (b, pick) => {
    const x = pick();
    return b.op("Expand", [b.op("ReduceMean", [x, b.int64s([0])]), b.int64s([3, 1])]);
  },
  (b, pick, random) => {
    const x = pick();
    const columns = b.dims(x)![1] as number;
    if (columns < 2) return undefined;
    const parts = b.node("Split", [x, b.int64s([1, columns - 1])], {
      attributes: { axis: 1 },
      outputs: 2,
    });
    return parts[random.integer(2)];
  },
  (b, pick, random) => {
    const x = pick();
    const [rows, columns] = b.dims(x) as [number, number];
    const places = Array.from({ length: columns }, () => random.integer(rows));
    const index = b.op("Reshape", [b.int64s(places), b.int64s([1, columns])]);
    return b.op("GatherElements", [x, index], { axis: 0 });
  },
  (b, pick, random) => {
    const x = pick();
    const index = b.op("Reshape", [
      b.int64s([random.integer(b.dims(x)![0] as number)]),
      b.int64s([1, 1]),
    ]);
    const update = b.op("Sin", [b.op("Slice", [x, b.int64s([0]), b.int64s([1])])]);
    return b.op("ScatterND", [x, index, update], { reduction: "add" });
  },
  (b, pick) => b.op("Einsum", [pick(), pick()], { equation: "ij,kl->ik" }),
  (b, pick) => {
    const x = pick();
    return b.op("Gemm", [x, x], { transB: 1 });
  },
  (b, pick) => {
    const x = pick();
    return b.op("Where", [
      b.op("Less", [x, b.scalar(0, "float64")]),
      b.op("Mul", [x, x]),
      b.op("Sin", [x]),
    ]);
  },
];

/** Products and sums come up as often as all other ops together. */
const pool = [...steps, ...steps, ...moreSteps];

const shapes = [[2, 3], [3, 2], [1, 3]];

function randomModel(random: Random, length: number): Model {
  const b = new GraphBuilder();
  const values: Value[] = shapes.map((dims, i) => b.input(`x${i}`, "float64", dims));
  // Later values are likelier, so that graphs get deep.
  const pick = () => values[values.length - 1 - Math.floor(random.uniform() ** 2 * values.length)]!;
  for (let i = 0; i < length; i++) {
    const value = pool[random.integer(pool.length)]!(b, pick, random);
    if (value !== undefined) values.push(value);
  }
  b.output(values.at(-1)!, "y");
  b.output(pick(), "z");
  return b.finish();
}

function randomFeeds(random: Random): Record<string, Tensor> {
  return Object.fromEntries(shapes.map((dims, i) => {
    const value = zeros("float64", dims);
    for (let k = 0; k < value.data.length; k++) value.data[k] = random.normal();
    return [`x${i}`, value];
  }));
}

Deno.test("addGradients() agrees with differences on random graphs in float64", async () => {
  const property = fc.asyncProperty(
    fc.nat(),
    fc.integer({ min: 1, max: 14 }),
    async (seed, length) => {
      const random = new Random(seed);
      const model = randomModel(random, length);
      const result = await checkOnce(model, randomFeeds(random), {
        outputs: ["y", "z"],
        wrt: ["x0", "x1", "x2"],
        seed,
      });
      // Where differences are too rough to tell so little, the check says so; the figures have to agree.
      const told = ["ok", "inconclusive"].includes(result.verdict);
      assert(told && result.error < 1e-6, JSON.stringify(result));
    },
  );
  await fc.assert(property, { numRuns: 60, seed: 3 });
});
