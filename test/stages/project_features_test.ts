import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { writeFeatures } from "../../lib/artifacts/features.ts";
import type { StageContext } from "../../lib/pipeline/contract/stage.ts";
import projectFeatures from "../../stages/project_features.ts";

/** What the stage projects of groups of four rows with these classes and widths. */
async function projected(groups: readonly { classes: readonly string[]; width: number }[]) {
  const folder = await Deno.makeTempDir();
  try {
    const features = await Promise.all(groups.map(async ({ classes, width }, i) => {
      const path = join(folder, `${i}.safetensors`);
      const data = Float32Array.from({ length: 4 * width }, (_, at) => Math.sin(at + i));
      const labels = Int32Array.from([0, 1, 0, 1]);
      const [model, method, task] = ["zoo/a", "none", `task${i}`];
      await writeFeatures(path, { model, method, task, classes, data, width, labels });
      return { type: "features", digest: `${i}`, path };
    }));
    const context = { output: (name: string) => join(folder, name) } as unknown as StageContext<
      "projection" | "picture"
    >;
    const parameters = { features, perplexity: 2, iterations: 10, seed: 0 };
    await projectFeatures.run(parameters as never, context);
    return JSON.parse(await Deno.readTextFile(join(folder, "projection")));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("project-features places the rows of all groups on one plane", async () => {
  const group = { classes: ["cat", "dog"], width: 3 };
  const { classes, panels } = await projected([group, group]);
  assertEquals(classes, ["cat", "dog"]);
  const labels = panels.map(({ points }: { points: { label: number }[] }) =>
    points.map(({ label }) => label)
  );
  assertEquals(labels, [[0, 1, 0, 1], [0, 1, 0, 1]]);
});

const mistakes: readonly (readonly [second: { classes: string[]; width: number }, string])[] = [
  [{ classes: ["zero", "one"], width: 3 }, "task1 with those of task0: their classes differ"],
  [{ classes: ["cat", "dog"], width: 4 }, "zoo/a (4 wide) with those of zoo/a (3 wide)"],
];

for (const [second, message] of mistakes) {
  Deno.test(`project-features says: ${message}`, () =>
    assertRejects(
      () => projected([{ classes: ["cat", "dog"], width: 3 }, second]),
      RangeError,
      message,
    ).then(() => {}));
}
