import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { openModelDirectory } from "../../lib/models/directory.ts";
import { storeDirectoryHalf } from "../../lib/models/store_directory_half.ts";
import { visionStem } from "../../lib/models/vision_stem.ts";
import { writeTinyClip, writeTinyModel } from "../rigs/tiny_models.ts";

/** Names and sizes of the files of a folder. */
function filesIn(path: string): Map<string, number> {
  const names = [...Deno.readDirSync(path)].filter(({ isFile }) => isFile);
  return new Map(names.map(({ name }) => [name, Deno.statSync(join(path, name)).size]));
}

Deno.test("storeDirectoryHalf() copies a directory at about half of its size", async () => {
  const folder = await Deno.makeTempDir();
  const stems: (string | undefined)[] = [];
  for (const write of [writeTinyModel, writeTinyClip]) {
    const from = await (write === writeTinyClip
      ? writeTinyClip(folder)
      : writeTinyModel(folder, "mini-minigpt4"));
    const to = `${from}-half`;
    await storeDirectoryHalf(from, to);
    assertEquals(filesIn(to), filesIn(from));
    const [before, after] = [filesIn(join(from, "onnx")), filesIn(join(to, "onnx"))];
    assertEquals([...after.keys()].sort(), [...before.keys()].sort());
    const sum = (sizes: Map<string, number>) =>
      [...sizes.values()].reduce((a, b) => a + b);
    assert(sum(after) < 0.7 * sum(before), `${sum(after)} of ${sum(before)}`);
    if (write === writeTinyClip) continue;
    const vision = await (await openModelDirectory(to)).readPart("vision_encoder");
    stems.push(visionStem(vision));
  }
  assertEquals(stems[0]?.length, 64);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("models on one encoder still share it when it is stored in 16 bits", async () => {
  const folder = await Deno.makeTempDir();
  const stems = [];
  for (const [name, seed] of [["mini-minigpt4", 0], ["mini-vpgtrans", 0], ["mini-blip2", 1]]) {
    const from = await writeTinyModel(folder, name as "mini-blip2", seed as number);
    await storeDirectoryHalf(from, `${from}-half`);
    const directory = await openModelDirectory(`${from}-half`);
    stems.push(visionStem(await directory.readPart("vision_encoder")));
  }
  assertEquals(stems[0], stems[1]);
  assert(stems[0] !== stems[2]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("storeDirectoryHalf() says so where a directory has no graph", async () => {
  const from = await Deno.makeTempDir();
  await Deno.writeTextFile(join(from, "config.json"), "{}");
  const { message } = await assertRejects(
    () => storeDirectoryHalf(from, `${from}-half`),
    DiagnosticError,
  );
  assertEquals(message, `Cannot read "${join(from, "onnx")}": there is no .onnx file`);
  await Deno.remove(from, { recursive: true });
});
