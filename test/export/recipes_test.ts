import { assertEquals } from "@std/assert";
import { hasPython, python } from "../tools/run_on_report.ts";

const folder = new URL("../../export/", import.meta.url);

const read = (name: string) => Deno.readTextFileSync(new URL(name, folder));

const files = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

Deno.test("requirements of recipes are pinned", () => {
  const lists = files.filter((name) => name.startsWith("requirements"));
  for (const list of lists) {
    const loose = read(list).trim().split("\n").filter((line) =>
      !/^[a-z0-9_-]+==\d[\w.]*$/.test(line)
    );
    assertEquals(loose, [], list);
  }
});

Deno.test("export/README.md names every recipe", () => {
  const recipes = files.filter((name) =>
    name.endsWith(".py") && name !== "recipe.py" && read(name).includes("argparse")
  );
  const text = read("README.md");
  assertEquals(recipes.filter((name) => !text.includes(`\`${name.slice(0, -3)}\``)), []);
});

Deno.test({
  name: "recipes are Python that compiles",
  ignore: !await hasPython(),
  async fn() {
    const script = "import ast, sys\nfor name in sys.argv[1:]: ast.parse(open(name).read(), name)";
    const paths = files.filter((name) => name.endsWith(".py"))
      .map((name) => new URL(name, folder).pathname);
    const { stderr } = await new Deno.Command(python, { args: ["-c", script, ...paths] })
      .output();
    assertEquals(new TextDecoder().decode(stderr), "");
  },
});
