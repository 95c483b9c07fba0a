import { assertEquals } from "@std/assert";
import { CommaFree } from "../../lib/executors/comma_free.ts";
import { withFolder } from "../cache/rig.ts";

Deno.test("CommaFree gives paths with commas other names, and only those", () =>
  withFolder(async (folder) => {
    const data = `${folder}/a, b/data`;
    const links = `${folder}/links`;
    await Deno.mkdir(data, { recursive: true });
    Deno.mkdirSync(links);
    Deno.writeTextFileSync(`${data}/c,d.txt`, "text");
    const names = new CommaFree(links);
    const given = {
      path: `${data}/c,d.txt`,
      url: `file://${folder}/a,%20b/data/x.ts`,
      texts: ["a, b", `${folder}/a, bc`, `${folder}/plain`],
      number: 1,
    };
    assertEquals(names.within(given), given);
    assertEquals(names.of(data), `${links}/folder-0/data`);
    assertEquals(names.of(`${folder}/plain`), `${folder}/plain`);
    assertEquals(names.within(given), {
      ...given,
      path: `${links}/folder-0/data/c,d.txt`,
      url: `file://${links}/folder-0/data/x.ts`,
    });
    assertEquals(Deno.readTextFileSync(`${names.of(data)}/c,d.txt`), "text");
  }));
