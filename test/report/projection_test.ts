import { assert, assertEquals, assertThrows } from "@std/assert";
import { projectPoints } from "../../lib/report/projection.ts";
import { scatterPanels } from "../../lib/report/scatter.ts";
import { Random } from "../../lib/tensor/random.ts";

const [clusters, each, width] = [3, 15, 12];

/** Normal points around three far centres. */
function blobs(distance: number) {
  const random = new Random("blobs");
  const centers = Array.from({ length: clusters * width }, () => distance * random.normal());
  const count = clusters * each;
  const data = Float32Array.from({ length: count * width }, (_, i) => {
    const cluster = Math.floor(i / width / each);
    return centers[cluster * width + i % width]! + random.normal();
  });
  return { count, width, data };
}

function project(distance: number, seed = 0) {
  const random = new Random(seed);
  return projectPoints(blobs(distance), { random: () => random.uniform(), perplexity: 8 });
}

/** Share of points whose nearest neighbour on the plane is of their own cluster. */
function purity(places: readonly (readonly [number, number])[]): number {
  const pure = places.filter(([x, y], i) => {
    const distances = places.map(([u, v], j) => j === i ? Infinity : (x - u) ** 2 + (y - v) ** 2);
    const nearest = distances.indexOf(Math.min(...distances));
    return Math.floor(nearest / each) === Math.floor(i / each);
  });
  return pure.length / places.length;
}

Deno.test("projectPoints() keeps far clusters apart, whatever it begins with", () => {
  for (const seed of [0, 1, 2]) assertEquals(purity(project(5, seed)), 1);
});

Deno.test("projectPoints() does not invent clusters", () => {
  assert(purity(project(0)) < 0.7, String(purity(project(0))));
});

Deno.test("projectPoints() depends on points and draws alone", () => {
  assertEquals(project(5), project(5));
  assert(String(project(5, 1)) !== String(project(5, 2)));
  assert(project(5).flat().every(Number.isFinite));
});

Deno.test("projectPoints() copes with equal points and refuses too few", () => {
  const random = new Random(0);
  const options = { random: () => random.uniform(), iterations: 50 };
  const equal = projectPoints({ count: 6, width: 2, data: new Float32Array(12) }, options);
  assert(equal.flat().every(Number.isFinite));
  assertThrows(
    () => projectPoints({ count: 3, width: 1, data: new Float32Array(3) }, options),
    RangeError,
    "Cannot project 3 points: at least 4 are needed",
  );
});

Deno.test("scatterPanels() draws a panel a group and escapes names", () => {
  const points = [{ x: 0, y: 1, label: 0 }, { x: 2, y: 3, label: -1 }];
  const { text } = scatterPanels([{ title: "a<b", points }, { title: "c", points }], ["cat & dog"]);
  assertEquals(text.match(/<circle/g)!.length, 5);
  assert(text.includes("a&lt;b") && text.includes("cat &amp; dog"));
  assert(text.includes('fill="#999999"'));
});
