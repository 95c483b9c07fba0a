import { assertEquals } from "@std/assert";
import { everyCommand, writeWorkFolder } from "./every_command.ts";
import { inFolder, tvp } from "./workplace.ts";

const probe = new URL("./permission_probe.ts", import.meta.url).pathname;

const pipeline = `name: gift
stageFolder: ./own
stages:
  a: { uses: greet, with: { name: you } }
`;

const stage = `import { z } from "zod";
import { defineStage } from "@tvp/pipeline/stage";
export default defineStage({
  name: "greet", description: "Greets.", with: z.strictObject({ name: z.string() }),
  outputs: { text: "text" },
  run: ({ name }, context) => Deno.writeTextFile(context.output("text"), name),
});
`;

Deno.test("each command works, and is left with the permissions of its row", () =>
  inFolder(async (folder) => {
    await writeWorkFolder(folder);
    Deno.mkdirSync(`${folder}/own`);
    Deno.writeTextFileSync(`${folder}/own/greet.ts`, stage);
    Deno.writeTextFileSync(`${folder}/p.yaml`, pipeline);
    const { privateKey, publicKey } = JSON.parse((await tvp(folder, "keys", "--json")).out);
    Deno.writeTextFileSync(`${folder}/cache_keys.txt`, `${publicKey}\n`);
    const env = {
      CANARY_TOKEN: "canary-token-1",
      TVP_CACHE_PRIVATE_KEY: privateKey,
      XDG_CONFIG_HOME: `${folder}/settings`,
    };
    assertEquals((await tvp(folder, "run", "p.yaml", "--trust", { env })).code, 0);
    const { id } = JSON.parse((await tvp(folder, "runs", "--json")).out);
    for (const { args, code = 0, left } of Object.values(everyCommand).flat()) {
      const words = args.map((word) => word.replace("FOLDER", folder).replace("RUN", id));
      const ran = await tvp(folder, ...words, { env, program: probe });
      const last = ran.err.trimEnd().split("\n").at(-1);
      assertEquals(last, `${code} left: ${left}`.trimEnd(), `${words.join(" ")}: ${ran.err}`);
    }
  }));
