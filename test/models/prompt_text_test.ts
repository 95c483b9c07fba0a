import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { openModelDirectory } from "../../lib/models/directory.ts";
import { openTextEncoder } from "../../lib/models/prompt_text.ts";
import type { zooArchitectures } from "../../lib/architectures/zoo_table.ts";
import { writeTinyModel } from "../rigs/tiny_models.ts";

type Name = keyof typeof zooArchitectures;

async function withModel(name: Name, test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(await writeTinyModel(folder, name));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function openText(path: string) {
  const directory = await openModelDirectory(path);
  return { directory, text: await openTextEncoder(directory) };
}

const names: readonly Name[] = [
  "mini-minigpt4",
  "mini-vpgtrans",
  "mini-visualglm",
  "mini-instructblip",
  "mini-blip2",
  "mini-bliva",
  "mini-convllava",
];

for (const name of names) {
  Deno.test(`openTextEncoder() places the picture in the text of ${name}`, () =>
    withModel(name, async (path) => {
      const { directory, text } = await openText(path);
      const { ids, qformerIds } = text.instruction("what is it?");
      const count = ids.filter((id) => id === text.imageToken).length;
      assertEquals(count, text.imageTokens);
      const first = ids.indexOf(text.imageToken);
      const block = ids.slice(first, first + count);
      assertEquals(new Set(block), new Set([text.imageToken]));
      const tokenizer = await directory.tokenizer();
      const start = directory.family.placement === "before-text"
        ? 0
        : tokenizer.encode("", true).length;
      assertEquals(first, start);
      assertEquals(text.decode(ids).trim(), "what is it?");
      assertEquals(qformerIds.length > 0, directory.family.readsInstruction);
    }));
}

Deno.test("TextEncoder.answer() gives words their space where the vocabulary has it in front", () =>
  withModel("mini-blip2", async (path) => {
    const { directory, text } = await openText(path);
    const tokenizer = await directory.tokenizer();
    assertEquals(text.answer("cat"), tokenizer.encode(" cat"));
    assertEquals(text.answer("cat").includes(text.endToken), false);
  }));

Deno.test("openTextEncoder() uses the chat template of a directory", () =>
  withModel("mini-minigpt4", async (path) => {
    const { text: plain } = await openText(path);
    const directory = await openModelDirectory(path);
    const image = (await directory.tokenizer()).tokenOf(plain.imageToken)!;
    const template = `{% for m in messages %}{% for c in m.content %}` +
      `{{ '${image}' if c.type == 'image' else c.text }}{% endfor %}{% endfor %} a cat`;
    await Deno.writeTextFile(join(path, "chat_template.jinja"), template);
    const { text } = await openText(path);
    const { ids } = text.instruction("what is it?");
    assertEquals(ids.filter((id) => id === text.imageToken).length, text.imageTokens);
    assertEquals(text.decode(ids).replaceAll(/\s+/g, " ").trim(), "what is it? a cat");
    assertEquals(text.decode([]), "");
  }));

Deno.test("openTextEncoder() says what of the text is missing", () =>
  withModel("mini-minigpt4", async (path) => {
    await Deno.writeTextFile(join(path, "chat_template.jinja"), "no picture here");
    const { text } = await openText(path);
    assertThrows(
      () => text.instruction("What?"),
      DiagnosticError,
      `it writes 0 placeholders "<image>" for one picture: "no picture here"`,
    );
    await Deno.remove(join(path, "tokenizer.json"));
    const error = await assertRejects(() => openText(path), DiagnosticError);
    assertEquals(error.message, `Cannot read tokenizer "${path}/tokenizer.json": it is missing`);
  }));
