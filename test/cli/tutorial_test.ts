import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { inFolder, tvp } from "./workplace.ts";

const root = new URL("../../", import.meta.url).pathname;
const page = await Deno.readTextFile(join(root, "docs/tutorial.md"));

function example(language: string): string {
  return new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "m").exec(page)![1]!;
}

Deno.test("the sweep of docs/tutorial.md can be planned from any folder", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "sweep.yaml"), example("yaml"));
    const { code, out, err } = await tvp(folder, "plan", "sweep.yaml", "--json");
    assertEquals([code, err], [0, ""]);
    const stages = out.trim().split("\n").map((line) => JSON.parse(line).stage as string);
    const count = (name: string) => stages.filter((stage) => stage === name).length;
    assertEquals(["prompt", "transfer", "report"].map(count), [6, 16, 1]);
  }));

Deno.test("the project is imported by its public name, as docs/tutorial.md says", () =>
  inFolder(async (folder) => {
    const config = example("json").replaceAll("../tvp", root.replace(/\/$/, ""));
    await Deno.writeTextFile(join(folder, "deno.json"), config);
    const used = "\nconsole.log([decodeModel, encodeModel, addGradients, openModelDirectory]" +
      '.map((each) => typeof each).join(" "));\n';
    await Deno.writeTextFile(join(folder, "main.ts"), example("ts") + used);
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
