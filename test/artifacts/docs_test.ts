import { assert } from "@std/assert";
import { checkOutputs } from "../../lib/artifacts/check_outputs.ts";
import { artifactTypes } from "../../lib/pipeline/contract/stage.ts";
import { withFolder } from "../cache/rig.ts";

const page = await Deno.readTextFile(new URL("../../docs/artifacts.md", import.meta.url));

Deno.test("docs/artifacts.md names every type of artifact", () => {
  for (const type of artifactTypes) assert(page.includes(`| \`${type}\``), type);
});

Deno.test("the Python script of docs/artifacts.md writes a data set", () =>
  withFolder(async (folder) => {
    const script = /^```python\n([^]*?)^```$/m.exec(page)![1]!;
    await Deno.writeTextFile(`${folder}/make_rows.py`, script);
    const args = [`${folder}/make_rows.py`, `${folder}/rows`];
    try {
      const { success } = await new Deno.Command("python3", { args }).output();
      assert(success);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      console.log("not run: there is no python3 here");
      return;
    }
    await checkOutputs([{ name: "rows", type: "dataset", path: `${folder}/rows` }]);
  }));
