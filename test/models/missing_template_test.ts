import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { openModelDirectory } from "../../lib/models/directory.ts";
import { missingTemplate } from "../../lib/models/missing_template.ts";
import { writeTinyModel } from "../rigs/tiny_models.ts";

/** A model whose tokenizer has another special token. */
async function withToken(
  content: string,
  test: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = await writeTinyModel(folder, "mini-minigpt4");
    const file = join(path, "tokenizer.json");
    const tokenizer = JSON.parse(await Deno.readTextFile(file));
    const id = Object.keys(tokenizer.model.vocab).length;
    tokenizer.added_tokens.push({ id, content, special: true });
    await Deno.writeTextFile(file, JSON.stringify(tokenizer));
    await test(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("missingTemplate() warns of a chat model without its template", async () => {
  await withToken("<|im_end|>", async (path) => {
    const directory = await openModelDirectory(path, { name: "m" });
    assertEquals(
      (await missingTemplate(directory))?.message,
      'Model "m" has tokens for turns (<|im_end|>) and no chat template: questions are plain text to it, after which a model seldom ends its answer',
    );
    await Deno.writeTextFile(join(path, "chat_template.jinja"), "<image>{{ messages }}");
    assertEquals(await missingTemplate(directory), undefined);
  });
  await withToken("<other>", async (path) => {
    assertEquals(await missingTemplate(await openModelDirectory(path)), undefined);
  });
});
