import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { examplesOf } from "../docs/pages.ts";
import { inFolder } from "./workplace.ts";

const root = new URL("../../", import.meta.url).pathname;

/** The example of a language that holds a word. */
function example(language: string, word: string): string {
  return examplesOf("docs/tutorial.md").find((each) =>
    each.language === language && each.text.includes(word)
  )!.text;
}

Deno.test("the project is imported by its public name, as docs/tutorial.md says", () =>
  inFolder(async (folder) => {
    const config = example("json", "links").replaceAll("../tvp", root.replace(/\/$/, ""));
    await Deno.writeTextFile(join(folder, "deno.json"), config);
    const used = "\nconsole.log([decodeModel, encodeModel, addGradients, openModelDirectory]" +
      '.map((each) => typeof each).join(" "));\n';
    await Deno.writeTextFile(join(folder, "main.ts"), example("ts", "decodeModel") + used);
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "main.ts"],
      cwd: folder,
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    assertEquals(
      new TextDecoder().decode(stdout),
      "function function function function\n",
    );
  }));
