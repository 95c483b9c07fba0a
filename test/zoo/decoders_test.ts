import { assert, assertEquals } from "@std/assert";
import {
  type DecoderKind,
  decoderModel,
  type DecoderSizes,
  readsPositions,
} from "../../lib/zoo/decoders.ts";
import { seededWeights } from "../../lib/zoo/module.ts";
import { checkModel } from "../../lib/onnx/infer/check.ts";
import { openSession, type Session } from "../../lib/runtime/session.ts";
import { Random } from "../../lib/tensor/random.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";

const kinds: readonly DecoderKind[] = ["llama", "opt", "gpt2"];
const heads = 2;
const width = 16;

function sizes(kind: DecoderKind): DecoderSizes {
  return {
    kind,
    vocab_size: 30,
    hidden_size: width,
    intermediate_size: 24,
    num_hidden_layers: 2,
    num_attention_heads: heads,
    max_position_embeddings: 32,
  };
}

function int64(dims: readonly number[], values: readonly number[]): Tensor {
  return tensor("int64", dims, BigInt64Array.from(values, BigInt));
}

const emptyCache = Object.fromEntries(
  [0, 1].flatMap((i) => ["key", "value"].map((part) => `past_key_values.${i}.${part}`))
    .map((name) => [name, tensor("float32", [1, heads, 0, width / heads], new Float32Array())]),
);

const random = new Random(5);
const embeds = Float32Array.from({ length: 6 * width }, () => random.normal());

/** Runs tokens `from` to `to` of the sequence after the given cache. */
function run(
  session: Session,
  kind: DecoderKind,
  [from, to]: readonly [number, number],
  cache: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const count = to - from;
  const positions = Array.from({ length: count }, (_, i) => from + i);
  return session.run({
    inputs_embeds: tensor("float32", [1, count, width], embeds.slice(from * width, to * width)),
    attention_mask: int64([1, to], new Array(to).fill(1)),
    ...(readsPositions(kind) ? { position_ids: int64([1, count], positions) } : {}),
    ...cache,
  });
}

function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  message: string,
): void {
  const worst = Math.max(...Array.from(actual, (value, i) => Math.abs(value - expected[i]!)));
  assert(actual.length === expected.length && worst < 1e-4, `${message}: off by ${worst}`);
}

Deno.test("decoderModel() gives the same logits with a cache as without", async () => {
  for (const kind of kinds) {
    const model = decoderModel(sizes(kind), seededWeights(1));
    assertEquals(checkModel(model), [], kind);
    await using session = await openSession(model, { provider: "cpu", threads: 1 });
    const whole = await run(session, kind, [0, 6], emptyCache);
    const first = await run(session, kind, [0, 4], emptyCache);
    const cache = Object.fromEntries(
      Object.keys(emptyCache).map((
        name,
      ) => [name, first[name.replace("past_key_values", "present")]!]),
    );
    const second = await run(session, kind, [4, 6], cache);
    assertEquals(whole.logits!.dims, [1, 6, 30]);
    const tail = whole.logits!.data.slice(4 * 30) as Float32Array;
    assertClose(second.logits!.data as Float32Array, tail, kind);
    assertEquals(second["present.1.value"]!.dims, [1, heads, 6, width / heads]);
  }
});

Deno.test("decoderModel() does not look ahead, nor at masked tokens", async () => {
  for (const kind of kinds) {
    const model = decoderModel(sizes(kind), seededWeights(2));
    await using session = await openSession(model, { provider: "cpu", threads: 1 });
    const short = await run(session, kind, [0, 3], emptyCache);
    const long = await run(session, kind, [0, 6], emptyCache);
    const head = long.logits!.data.slice(0, 3 * 30) as Float32Array;
    assertClose(head, short.logits!.data as Float32Array, `${kind} looks ahead`);
    const padded = await session.run({
      inputs_embeds: tensor("float32", [1, 6, width], embeds.slice(0, 6 * width).fill(9, 0, width)),
      attention_mask: int64([1, 6], [0, 1, 1, 1, 1, 1]),
      ...(readsPositions(kind) ? { position_ids: int64([1, 6], [0, 0, 1, 2, 3, 4]) } : {}),
      ...emptyCache,
    });
    assert(padded.logits!.data.every((x: number | bigint) => Number.isFinite(Number(x))), kind);
  }
});

Deno.test("seededWeights() depend on seed and name, not on the order of use", () => {
  const [a, b] = [seededWeights(1), seededWeights(1)];
  const first = a("w", [4], { std: 1 });
  b("other", [3], { std: 1 });
  assertEquals(b("w", [4], { std: 1 }), first);
  assert(seededWeights(2)("w", [4], { std: 1 }).data[0] !== first.data[0]);
});
