import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { openModelDirectory } from "../../lib/models/directory.ts";
import { openTextEncoder } from "../../lib/models/instruction_text.ts";
import type { zooArchitectures } from "../../lib/zoo/zoo_table.ts";
import { openTokenizer } from "../../lib/models/tokenize.ts";
import { writeTinyModel } from "../rigs/tiny_models.ts";
import { textDirectory, tokenizerFile, vocabulary, withTextFiles } from "./text_rig.ts";

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
  Deno.test(`openTextEncoder() places the image in the text of ${name}`, () =>
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
      assertEquals(qformerIds.length > 0, directory.family.readsInstruction ?? false);
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
    await Deno.writeTextFile(join(path, "chat_template.jinja"), "no image here");
    const { text } = await openText(path);
    assertThrows(
      () => text.instruction("What?"),
      DiagnosticError,
      `it writes 0 placeholders "<image>" for one image: "no image here"`,
    );
    await Deno.remove(join(path, "tokenizer.json"));
    const error = await assertRejects(() => openText(path), DiagnosticError);
    assertEquals(error.message, `Cannot read tokenizer "${path}/tokenizer.json": it is missing`);
  }));

const parts = "{% for c in messages[0].content %}" +
  "{{ '<image> ' if c.type == 'image' else c.text }}{% endfor %}";
const ids = (words: string) => words.split(" ").map((word) => vocabulary.indexOf(word));

/** A tokenizer that begins texts with the start symbol, if it is let. */
const withStart = {
  ...tokenizerFile,
  post_processor: {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    pair: [],
    special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
  },
};
const prompts: readonly [string, string, string][] = [
  ["one that the template writes", `{{ bos_token }} ${parts}`, "<s> <image> <image> What is it ?"],
  ["one where it does not", parts, "<s> <image> <image> What is it ?"],
];
for (const [name, template, words] of prompts) {
  Deno.test(`TextEncoder.instruction() has one start symbol: ${name}`, () => {
    const files = { "tokenizer.json": withStart, "chat_template.jinja": template };
    return withTextFiles(files, async (folder) => {
      const text = await openTextEncoder(textDirectory(folder));
      assertEquals(text.instruction("What is it ?").ids, ids(words));
    });
  });
}

Deno.test("TextEncoder.instruction() refuses images of its own in an instruction", () =>
  withTextFiles({}, async (folder) => {
    const text = await openTextEncoder(textDirectory(folder));
    assertThrows(
      () => text.instruction("<image> What ?"),
      DiagnosticError,
      'Cannot place the image in the text of model "zoo/x": its text "<image>\\n<image> What ?" holds 2 image tokens 5 ("<image>")',
    );
  }));

Deno.test("openTextEncoder() refuses a number of image tokens that is none", () =>
  withTextFiles({}, async (folder) => {
    for (const rows of [0, 1.5, 2 ** 17]) {
      await assertRejects(
        () => openTextEncoder(textDirectory(folder), { rows }),
        DiagnosticError,
        `an image takes ${rows} tokens, expected 1 to 65536`,
      );
    }
  }));

Deno.test("TextEncoder.instruction() writes an image between the family's markers", () => {
  const template = "<|user|>{{ messages[0].content[1].text }}";
  const config = { model_type: "gemma3", boi_token_index: 3, eoi_token_index: 4 };
  return withTextFiles({ "chat_template.jinja": template }, async (folder) => {
    const text = await openTextEncoder(textDirectory(folder, { config }), { rows: 2 });
    const words = "<|user|> <image> <image> <|end|> What ?";
    assertEquals(text.instruction("What ?").ids, ids(words));
  });
});

const byteLevel = {
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: true,
};
const spaces: readonly [string, object, string, string][] = [
  ["a word", byteLevel, `${parts}`, " yes"],
  ["white space", byteLevel, `${parts}{{ '\n' }}`, "yes"],
  ["a special token", byteLevel, `${parts}<|end|>`, "yes"],
  ["a word, for a tokenizer that adds a space", { type: "Metaspace" }, `${parts}`, "yes"],
];
for (const [name, pre_tokenizer, template, text] of spaces) {
  Deno.test(`TextEncoder.answer() after ${name} is ${JSON.stringify(text)}`, () => {
    const files = {
      "tokenizer.json": { ...tokenizerFile, pre_tokenizer },
      "chat_template.jinja": template,
    };
    return withTextFiles(files, async (folder) => {
      const directory = textDirectory(folder);
      const tokenizer = await openTokenizer(folder);
      const seen: string[] = [];
      const encode = (text: string, special?: boolean) => {
        seen.push(text);
        return tokenizer.encode(text, special);
      };
      const watched = { ...directory, tokenizer: () => Promise.resolve({ ...tokenizer, encode }) };
      (await openTextEncoder(watched)).answer("yes");
      assertEquals(seen.at(-1), text);
    });
  });
}
