import { assertEquals, assertThrows } from "@std/assert";
import { type ImportOptions, importPrompt } from "../../lib/artifacts/import_prompt.ts";
import { promptMask, type PromptName } from "../../lib/prompts/prompt_table.ts";
import { fromNumbers } from "../../lib/tensor/convert.ts";
import { tensor, zeros } from "../../lib/tensor/tensor.ts";

const sizes = { canvas: 8, image: 4 };
const deltaOf = (kind: PromptName) => promptMask(kind, sizes);

Deno.test("importPrompt() sees the kind and the image in the zeros of δ", () => {
  const cases: readonly [PromptName, string, number][] = [
    ["frame", "frame", 4],
    ["full", "full", 6],
  ];
  for (const [kind, found, image] of cases) {
    const { meta } = importPrompt({ perturbation: deltaOf(kind) });
    assertEquals([meta.kind, meta.canvas, meta.image], [found, 8, image]);
  }
  const { meta } = importPrompt({ x: deltaOf("patch") }, { kind: "patch", image: 4 });
  assertEquals([meta.kind, meta.image], ["patch", 4]);
});

Deno.test("importPrompt() says what it took though the file did not say it", () => {
  const kindOf = (kind: string) => `the file does not say its kind: taken as ${kind}`;
  const side = "the file does not say the side of the image: taken as 6 pixels; --image S if not";
  const frame = `${kindOf("frame")}; --kind padding if the image fills the canvas`;
  const cases: readonly [PromptName, ImportOptions, readonly string[]][] = [
    ["frame", {}, [frame]],
    ["frame", { image: 4 }, [frame]],
    ["frame", { kind: "frame" }, []],
    ["frame", { kind: "padding" }, []],
    ["full", {}, [kindOf("full"), side]],
    ["full", { kind: "full" }, [side]],
    ["full", { kind: "full", image: 8 }, []],
  ];
  for (const [kind, options, guesses] of cases) {
    assertEquals(importPrompt({ perturbation: deltaOf(kind) }, options).guesses, guesses);
  }
});

Deno.test("importPrompt() prefers the official name, at any depth", () => {
  const delta = deltaOf("frame");
  const others = { mask: zeros("float32", [3, 8, 8]), "model.perturbation": delta };
  assertEquals(importPrompt(others).delta.data, delta.data);
  assertEquals(importPrompt(others, { tensor: "mask" }).delta.data, others.mask.data);
  assertEquals(importPrompt({ "": delta }).delta.data, delta.data);
  const batched = tensor("float32", [1, 3, 8, 8], delta.data);
  assertEquals(importPrompt({ batched }).delta.dims, [3, 8, 8]);
});

Deno.test("importPrompt() casts other floats", () => {
  const half = fromNumbers("float16", [3, 2, 2], Array(12).fill(0.5));
  assertEquals([...importPrompt({ half }).delta.data], Array(12).fill(0.5));
});

Deno.test("importPrompt() says what it found instead of a prompt", () => {
  const frame = deltaOf("frame");
  const cases: readonly [() => unknown, string][] = [
    [() => importPrompt({}), "found no tensors"],
    [
      () => importPrompt({ a: frame, b: deltaOf("full") }),
      'found "a" float32 [3, 8, 8], "b" float32',
    ],
    [() => importPrompt({ a: frame }, { tensor: "c" }), 'expected a prompt "c", found "a"'],
    [() => importPrompt({ a: frame }, { image: 6 }), "δ is 1 in row 1, column 1"],
    [() => importPrompt({ a: zeros("int32", [3, 4, 4]) }), 'found "a" int32 [3, 4, 4]'],
    [() => importPrompt({ "conv.weight": frame }), 'found "conv.weight" float32'],
    [() => importPrompt({ "optimizer.state.0.exp_avg": frame }), 'found "optimizer.state.0'],
    [
      () => importPrompt({ "a.delta": frame, "ema.delta": deltaOf("full") }),
      '; --tensor chooses one of "a.delta", "ema.delta"',
    ],
    [() => importPrompt({ a: frame }, { image: 0 }), "an image has 1 pixel or more, not 0"],
    [
      () => importPrompt({ a: tensor("float32", [3, 1, 1], new Float32Array([0, NaN, 0])) }),
      "δ is NaN in row 0, column 0",
    ],
    [
      () =>
        importPrompt(
          Object.fromEntries(
            Array.from({ length: 10 }, (_, i) => [`t${i}`, i === 0 ? frame : deltaOf("full")]),
          ),
        ),
      ', "t7" float32 [3, 8, 8] and 2 more; --tensor chooses',
    ],
  ];
  for (const [run, message] of cases) assertThrows(run, RangeError, message);
});
