import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder, tvp } from "./workplace.ts";

const secret = "sEcReT-0123456789";

/** A task that gets a secret, uses it, says it and fails with it; others that are named by it. */
const pipeline = `name: p
env: { HF_TOKEN: null, MODE: plain }
vars: { header: "Bearer \${{ env.HF_TOKEN }}" }
stages:
  uses:
    uses: command
    env: { HF_TOKEN: "\${{ env.HF_TOKEN }}" }
    with: { run: [sh, -c, "echo got $HF_TOKEN; printf %s $HF_TOKEN | wc -c > {outputs.n}"], outputs: { n: text } }
  header:
    uses: command
    with: { run: [sh, -c, "printf %s '\${{ vars.header }}' | wc -c > {outputs.n}; echo $MODE"], outputs: { n: text } }
    env: { MODE: literal }
  cells:
    uses: noop
    matrix: { token: ["\${{ env.HF_TOKEN }}"], i: [1, 2] }
    with: { i: "\${{ matrix.i }}" }
  fails:
    uses: command
    env: { HF_TOKEN: "\${{ env.HF_TOKEN }}" }
    with: { run: [sh, -c, "echo bad $HF_TOKEN >&2; exit 3"], outputs: { n: text } }
`;

/** Files below a folder that hold a text. */
function holders(folder: string, text: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory, isFile }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return holders(path, text);
    return isFile && Deno.readTextFileSync(path).includes(text) ? [path] : [];
  });
}

Deno.test("a declared secret reaches its task and stands nowhere in plain text", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/p.yaml`, pipeline);
    const { privateKey, publicKey } = JSON.parse((await tvp(folder, "keys", "--json")).out);
    Deno.writeTextFileSync(`${folder}/cache_keys.txt`, `${publicKey}\n`);
    const env = { HF_TOKEN: secret, TVP_CACHE_PRIVATE_KEY: privateKey };
    const remote = ["--remote", `file://${folder}/remote`];
    const calls = [
      ["run", "p.yaml", "--keep-going", "--json", ...remote],
      ["run", "p.yaml", "--keep-going", ...remote],
      ["plan", "p.yaml"],
      ["plan", "p.yaml", "--json"],
      ["graph", "p.yaml", "--tasks"],
      ["why", "p.yaml", "uses", "--json"],
      ["logs", "p.yaml", "uses"],
      ["logs", "p.yaml", "fails", "--json"],
      ["show", "p.yaml", "cells", "--json"],
    ];
    const outs: string[] = [];
    for (const args of calls) {
      const { out, err } = await tvp(folder, ...args, { env });
      assertEquals((out + err).includes(secret), false, args.join(" "));
      outs.push(out);
    }
    assertStringIncludes(outs[6]!, "got [HF_TOKEN]");
    assertStringIncludes(outs[7]!, "bad [HF_TOKEN]");
    const latest = `${folder}/.tvp/runs/p/latest`;
    assertEquals(Deno.readTextFileSync(`${latest}/uses/n.txt`).trim(), `${secret.length}`);
    assertEquals(Deno.readTextFileSync(`${latest}/header/n.txt`).trim(), `${secret.length + 7}`);
    for (const place of [".tvp", "remote"]) assertEquals(holders(`${folder}/${place}`, secret), []);

    // Another value is another key, and why says so without saying either.
    const other = { ...env, HF_TOKEN: "another-9876543210" };
    const why = await tvp(folder, "why", "p.yaml", "uses", { env: other });
    assertMatch(
      why.out,
      /environment\.HF_TOKEN: "\[HF_TOKEN: \w{64}\]" → "\[HF_TOKEN: \w{64}\]"\n/,
    );
    // Literals of the file may be read there.
    assertEquals(holders(`${folder}/.tvp/cache/tasks`, '"MODE":"literal"').length, 1);
  }));

Deno.test("passwords and tokens are neither printed nor sent in clear", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/p.yaml`, "name: p\nstages: { a: { uses: noop } }\n");
    const heard: Headers[] = [];
    await using proxy = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
      heard.push(request.headers);
      return new Response("", { status: 404 });
    });
    const { port } = proxy.addr;
    const pull = async (url: string, env: Record<string, string>) => {
      heard.length = 0;
      const { out, err } = await tvp(folder, "pull", "p.yaml", "--json", "--remote", url, { env });
      assertEquals((out + err).includes(secret), false, out + err);
      return { err, said: out + err, sent: heard.map((headers) => headers.get("authorization")) };
    };
    const network = { HTTP_PROXY: `http://127.0.0.1:${port}` };
    const token = { TVP_CACHE_TOKEN: secret };
    const clear = await pull("http://cache.invalid/", { ...network, ...token });
    assertEquals(clear.sent.filter((header) => header !== null), []);
    assertEquals(clear.sent.length > 0, true);
    assertStringIncludes(clear.err, 'Cannot send TVP_CACHE_TOKEN to remote cache "http://cache.');
    const user = await pull(`http://user:${secret}@cache.invalid/`, network);
    assertEquals(user.sent.filter((header) => header !== null), []);
    assertStringIncludes(user.err, "Cannot send the password in the URL to remote cache");
    const signed = await pull(`http://user:${secret}@cache.invalid/?x=${secret}`, network);
    assertStringIncludes(signed.said, "it has a query");
    assertEquals(signed.sent, []);
    const odd = await pull("https://cache.invalid/", { TVP_CACHE_TOKEN: `–${secret}` });
    assertStringIncludes(odd.said, "character 1 of TVP_CACHE_TOKEN is U+2013");
    const here = await pull(`http://127.0.0.1:${port}/`, token);
    assertEquals(new Set(here.sent), new Set([`Bearer ${secret}`]));
  }));
