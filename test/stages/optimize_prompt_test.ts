import { assertEquals } from "@std/assert";
import optimizePrompt from "../../stages/optimize_prompt.ts";

const known = { digest: "0", path: "/" };
const valid = { source: known, data: known, clip: known, lr: 1, steps: 1, loss: "vp" };

/** What the stage says about parameters, beside what their types say. */
const mistakes: readonly [Record<string, unknown>, readonly string[]][] = [
  [{}, []],
  [{ loss: "mine", variants: { mine: { fca: 1 } } }, []],
  [{ loss: { lm: 1, tse: 0 }, clip: undefined }, []],
  [{ loss: undefined, method: "evp", clip: undefined }, []],
  [{ loss: "lm+fca", method: "tvp", clip: undefined }, []],
  [{ loss: undefined, method: "tvp", clip: undefined }, [
    "its term tse needs a CLIP, and no clip model is given (clip: zoo/mini-clip)",
  ]],
  [{ lossScale: 0 }, ["Too small: expected number to be >0"]],
  [{ lossScale: 3 }, ["expected a power of two, such as 1024"]],
  [{ epochs: 1 }, ["give either steps or epochs"]],
  [{ canvas: 32, imageSize: 48 }, ["the shrunk image is larger than the canvas"]],
  [{ loss: "vvp" }, [
    'there is no variant "vvp", known: "vp", "tvp", "lm+fca", "lm+tse", "lm+mid", "lm+fia"',
  ]],
  [{ loss: undefined, method: "rap", views: ["resize", "admix"], layerDrop: 0.1 }, []],
  [{ bound: { rms: 0.2, range: [0, 1] } }, []],
  [{ bound: { range: [1, 0] } }, ["the smallest value comes first"]],
  [{ loss: undefined, method: "cwa", source: [known, known] }, []],
  [{ loss: undefined, method: "cwa" }, [
    "common-weakness compares several sources, and one is given",
  ]],
  [{ search: "variance", optimizer: "spsa" }, [
    "variance asks for gradients, and spsa estimates them",
  ]],
  [{ loss: "tvp", clip: undefined }, [
    "its term tse needs a CLIP, and no clip model is given (clip: zoo/mini-clip)",
  ]],
  [{ loss: { tse: 1 }, clip: undefined }, [
    "its term tse needs a CLIP, and no clip model is given (clip: zoo/mini-clip)",
  ]],
];

Deno.test("optimize-prompt refuses what cannot be trained before anything runs", () => {
  for (const [given, messages] of mistakes) {
    const { error } = optimizePrompt.with.safeParse({ ...valid, ...given });
    assertEquals(error?.issues.map((issue) => issue.message) ?? [], messages);
  }
});
