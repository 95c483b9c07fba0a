import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder, tvp } from "./workplace.ts";

const scores = JSON.stringify({
  ...{ task: "t", model: "m", modelDigest: "d", role: "unseen", sources: [], method: "none" },
  ...{ seed: null, treatment: {}, delta: { rms: 0, peak: 0 }, metric: "top1", mean: 0.5 },
  rows: [true, false].map((hit, i) => ({
    ...{ id: `r${i}`, digest: "d", cluster: "c", answer: 0, prediction: 0, hit },
  })),
});

const pipeline = `name: demo
vars: { a: [1], size: 1 }
stages:
  a:
    uses: noop
    matrix: { i: "\${{ vars.a }}" }
    with: { i: "\${{ matrix.i }}", size: "\${{ vars.size }}" }
  b: { uses: noop, with: { x: "\${{ stages.a.*.value }}" } }
  c:
    uses: command
    with:
      run: [sh, -c, "cat scores.json > {outputs.scores}; : \${{ vars.size }}"]
      inputs: {}
      outputs: { scores: scores }
`;

Deno.test("diff and why name the tasks behind digests, and diff shows means side by side", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(
      `${folder}/demo.yaml`,
      pipeline.replace("cat scores.json", `echo '${scores.replaceAll('"', '\\"')}'`),
    );
    const first = await tvp(folder, "run", "demo.yaml");
    assertEquals(first.code, 0, first.out + first.err);
    await tvp(folder, "run", "demo.yaml", "--set", "vars.a=[2]");
    const other = await tvp(folder, "diff", "latest~1", "latest");
    assertEquals(
      other.out,
      "+ a[i=2]\n~ b\n    parameters.x[0]: a[i=1].value → a[i=2].value\n- a[i=1]\n",
      other.err,
    );
    await tvp(folder, "run", "demo.yaml", "--set", "vars.a=[2]", "--set", "vars.size=3");
    const changed = (await tvp(folder, "diff", "latest~1", "latest")).out;
    assertStringIncludes(changed, "~ b\n    parameters.x[0]: a[i=2].value has changed\n");
    assertMatch(changed, /~ c\n.*\n {4}scores: 50.0 % right → 50.0 % right\n/);
    const why = await tvp(folder, "why", "demo.yaml", "b", "--set", "vars.a=[1]");
    assertMatch(
      why.out,
      /what differs from run .*:\n {4}parameters.x\[0\]: a\[i=2\].value → a\[i=1\].value\n$/,
    );
    const far = await tvp(folder, "diff", "latest~9", "latest");
    assertStringIncludes(
      far.err,
      'Cannot compare run "latest~9": demo, the pipeline of the last run, has 3 runs',
    );
  }));
