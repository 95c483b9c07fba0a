import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Random } from "../../../lib/tensor/random.ts";
import { ensembleSearches } from "../../../lib/training/method_table.ts";
import {
  type Gradient,
  neighbour,
  type SearchPoint,
} from "../../../lib/training/searches/search.ts";
import {
  searches,
  type SearchName,
  searchOf,
} from "../../../lib/training/searches/search_table.ts";

/** Two sources: Lₖ = ½ Σ aₖ (x − cₖ)², and their mean. */
const scales = [[1, 4], [3, 2]] as const;
const centres = [[0, 0], [2, 2]] as const;

/** Gradients, and where they were asked for. */
function watched() {
  const asked: { readonly at: readonly number[]; readonly source?: number }[] = [];
  const gradientAt = (values: Float32Array, source?: number): Promise<Gradient> => {
    asked.push({ at: [...values], ...(source === undefined ? {} : { source }) });
    const parts = source === undefined ? [0, 1] : [source];
    const grad = values.map((x, i) =>
      parts.reduce((sum, k) => sum + scales[k]![i]! * (x - centres[k]![i]!) / parts.length, 0)
    );
    return Promise.resolve({ grad, loss: values[0]!, terms: { lm: values[0]! } });
  };
  return { asked, gradientAt };
}

function pointAt(name: SearchName, given: Partial<SearchPoint> = {}): SearchPoint {
  const moments = searchOf(name).moments.map((moment) => [moment, new Float32Array(2)] as const);
  return {
    values: Float32Array.of(1, 1),
    rates: Float32Array.of(1, 1),
    moments: Object.fromEntries(moments),
    ...{ sources: 2, samples: 2, radius: 0.2, random: new Random(3) },
    ...given,
  };
}

const close = (actual: Float32Array, expected: readonly number[]) =>
  expected.forEach((value, i) => assertAlmostEquals(actual[i]!, value, 1e-5));

for (const name of Object.keys(searches) as SearchName[]) {
  Deno.test(`search ${name} asks as often as it says, and moves nothing of rate 0`, async () => {
    const { asked, gradientAt } = watched();
    const point = pointAt(name, { rates: Float32Array.of(1, 0), samples: 3 });
    await searchOf(name).find(gradientAt, point);
    assert(asked.length <= searchOf(name).gradients(point));
    assert(asked.every(({ at }) => at[1] === 1), "the second value has moved");
    assertEquals([...point.values], [1, 1], "the values themselves are left");
    assertEquals(asked.some(({ source }) => source !== undefined), searchOf(name).perSource);
  });
}

Deno.test("ensembleSearches are those that ask for single sources", () => {
  const found = (Object.keys(searches) as SearchName[]).filter((name) => searchOf(name).perSource);
  assertEquals(found.sort(), ensembleSearches.toSorted());
});

Deno.test("plain is the gradient at the prompt", async () => {
  // (1·1 + 3·(1 − 2))/2 = −1; (4·1 + 2·(1 − 2))/2 = 1.
  close((await searches.plain.find(watched().gradientAt, pointAt("plain"))).grad, [-1, 1]);
});

Deno.test("variance adds what the neighbours of the step before had more", async () => {
  const point = pointAt("variance");
  const first = watched();
  close((await searches.variance.find(first.gradientAt, point)).grad, [-1, 1]);
  // The mean gradient of the two neighbours: slopes (1 + 3)/2 = 2 and (4 + 2)/2 = 3.
  const drift = [0, 1].map((i) => (first.asked[1]!.at[i]! + first.asked[2]!.at[i]!) / 2 - 1);
  close(point.moments.variance!, [2 * drift[0]!, 3 * drift[1]!]);
  const second = await searches.variance.find(watched().gradientAt, point);
  close(second.grad, [-1 + 2 * drift[0]!, 1 + 3 * drift[1]!]);
});

Deno.test("neighbour() stays within the radius", () => {
  const point = pointAt("variance", { rates: Float32Array.of(1, 0.5) });
  for (let i = 0; i < 50; i++) {
    const [x, y] = neighbour(point) as unknown as [number, number];
    assert(Math.abs(x - 1) <= 0.2 && Math.abs(y - 1) <= 0.1);
  }
});

Deno.test("reverse takes the gradient uphill", async () => {
  const { asked, gradientAt } = watched();
  const { grad } = await searches.reverse.find(gradientAt, pointAt("reverse"));
  // Two steps of 0.1 by the sign of [−1, 1].
  close(Float32Array.from(asked.at(-1)!.at), [0.8, 1.2]);
  close(grad, [-1 - 2 * 0.2, 1 + 3 * 0.2]);
});

Deno.test("gradient-norm mixes the neighbour's gradient and that uphill of it", async () => {
  const { asked, gradientAt } = watched();
  const point = pointAt("gradient-norm", { samples: 1 });
  const { grad, loss } = await searches["gradient-norm"].find(gradientAt, point);
  const [near, far] = asked as [typeof asked[0], typeof asked[0]];
  const slope = [-1 + 2 * (near.at[0]! - 1), 1 + 3 * (near.at[1]! - 1)];
  const mean = (Math.abs(slope[0]!) + Math.abs(slope[1]!)) / 2;
  const uphill = slope.map((g, i) => near.at[i]! + 0.2 * g / mean);
  close(Float32Array.from(far.at), uphill);
  // The quadratic's gradient is linear: ½(g + g + H·step).
  close(grad, [slope[0]! + 0.2 * slope[0]! / mean, slope[1]! + 1.5 * 0.2 * slope[1]! / mean]);
  assertAlmostEquals(loss, near.at[0]!, 1e-6);
});

Deno.test("reduced-variance takes out what a source's gradient differs by at the prompt", async () => {
  const { asked, gradientAt } = watched();
  const point = pointAt("reduced-variance");
  const { grad } = await searches["reduced-variance"].find(gradientAt, point);
  const drawn = new Random(3);
  const [k1, k2] = [drawn.integer(2), drawn.integer(2)];
  assertEquals(asked.filter(({ source }) => source !== undefined)[0]!.source, k1);
  // First inner step: Lₖ at δ against itself, so that the whole gradient [−1, 1] is left; then
  // x = [1.1, 0.9], where source k differs from itself at δ by aₖ·(0.1, −0.1).
  const slopes = scales[k2]!;
  close(grad, [-1 - 1 + slopes[0] * 0.1, 1 + 1 - slopes[1] * 0.1]);
});

Deno.test("common-weakness goes uphill, then down the sources one after the other", async () => {
  const point = pointAt("common-weakness");
  const { asked, gradientAt } = watched();
  const { grad } = await searches["common-weakness"].find(gradientAt, point);
  const [whole, first, second] = asked as [typeof asked[0], typeof asked[0], typeof asked[0]];
  assertEquals(whole.source, undefined);
  close(Float32Array.from(first.at), [0.8, 1.2]);
  const slopeOf = ({ at, source }: typeof whole) =>
    at.map((x, i) => scales[source!]![i]! * (x - centres[source!]![i]!));
  const unit = (g: readonly number[]) => g.map((x) => x / Math.hypot(...g));
  const length = 0.2 * Math.SQRT2;
  const v1 = unit(slopeOf(first));
  close(Float32Array.from(second.at), v1.map((v, i) => first.at[i]! - length * v));
  const v2 = unit(slopeOf(second)).map((u, i) => v1[i]! + u);
  close(grad, v2.map((v, i) => 1 - (second.at[i]! - length * v)));
  close(point.moments.inner!, v2);
});
