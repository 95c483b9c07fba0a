import project from "../../deno.json" with { type: "json" };
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

Deno.test("the project is imported and checked by its public name, as docs/tutorial.md says", () =>
  inFolder(async (folder) => {
    const config = example("json", "links").replaceAll("../tvp", root.replace(/\/$/, ""));
    await Deno.writeTextFile(join(folder, "deno.json"), config);
    const used = "\nconsole.log([decodeModel, encodeModel, addGradients, openModelDirectory]" +
      '.map((each) => typeof each).join(" "));\n';
    const all = Object.keys(project.exports)
      .map((name, i) => `import type * as all${i} from "@tvp/pipeline/${name.slice(2)}";\n`);
    const text = all.join("") + example("ts", "decodeModel") + used;
    await Deno.writeTextFile(join(folder, "main.ts"), text);
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      // With the compiler's usual options, which are not those of the project.
      args: ["run", "-A", "--quiet", "--check", "main.ts"],
      cwd: folder,
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    assertEquals(
      new TextDecoder().decode(stdout),
      "function function function function\n",
    );
  }));
