import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { generateSigningKeys } from "../../lib/cache/remote/signature.ts";
import { fakeServer, type Fault } from "../cache/remote_rig.ts";
import { startS3 } from "../rigs/s3_server.ts";
import { inFolder, type Ran, tvp } from "./workplace.ts";

const PIPELINE = `
name: shared
stages:
  first: { uses: noop, with: { value: one } }
  fan: { uses: noop, matrix: { i: [1, 2, 3] }, with: { i: "\${{ matrix.i }}", x: "\${{ stages.first.value }}" } }
`;

/** A folder with a pipeline, keys, and a remote that two stores share. */
interface Shared {
  readonly folder: string;
  readonly remote: string;
  run(store: string, ...args: readonly string[]): Promise<Ran>;
}

function inShared(
  remoteOf: (folder: string) => string,
  body: (shared: Shared) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  return inFolder(async (folder) => {
    const { privateKey, publicKey } = await generateSigningKeys();
    Deno.writeTextFileSync(join(folder, "p.yaml"), PIPELINE);
    Deno.writeTextFileSync(join(folder, "cache_keys.txt"), publicKey);
    const remote = remoteOf(folder);
    const all = { TVP_CACHE_PRIVATE_KEY: privateKey, TVP_CACHE_REMOTE: remote, ...env };
    const run: Shared["run"] = (store, ...args) =>
      tvp(folder, ...args, "--cache", store, { env: all });
    await body({ folder, remote, run });
  });
}

const folderRemote = (folder: string) => toFileUrl(join(folder, "remote")).href;

async function pushAndPull({ run }: Shared): Promise<void> {
  assertEquals((await run("a", "run", "p.yaml", "--quiet", "--remote", "file:///nowhere")).code, 0);
  const first = await run("a", "push", "p.yaml");
  assertMatch(first.out, /^Pushed 4 tasks of \d+ B; 0 were already there\n$/);
  const again = await run("a", "push", "--json");
  const { pushed, there } = JSON.parse(again.out);
  assertEquals([again.code, pushed, there], [0, 0, 4]);
  const pulled = await run("b", "pull", "p.yaml");
  assertMatch(pulled.out, /^4 of 4 tasks are here, \d+ B\n$/);
  assertEquals([pulled.code, pulled.err], [0, ""]);
  assertStringIncludes((await run("b", "run", "p.yaml")).out, "all cached");
}

/** What a server does to a run, and all that the run says of it. */
const FAULTS: readonly [string, Fault, string][] = [
  [
    "is out of order",
    () => new Response("", { status: 500 }),
    `! Cannot pull a task with remote cache "URL/": the server answered 500 to GET tasks/KEY.json
    = It is not used until it answers again.
    = Push what it lacks afterwards: tvp push`,
  ],
  [
    "knows us not",
    () => new Response("", { status: 401 }),
    `! Cannot pull a task with remote cache "URL/": the server answered 401 to GET tasks/KEY.json
    = Its token is read from TVP_CACHE_TOKEN
    = It is not used until it answers again.
    = Push what it lacks afterwards: tvp push`,
  ],
  [
    "wants us to log in",
    () => new Response("<!doctype html><title>Log in</title>"),
    `! Cannot pull a task with remote cache "URL/": tasks/KEY.json is a web page, perhaps for logging in, ` +
    `instead of a manifest
    = Its data is not used.`,
  ],
];

for (const [what, fault, warning] of FAULTS) {
  Deno.test(`tvp run ends well, with one warning, where the remote ${what}`, () =>
    inShared(folderRemote, async ({ run }) => {
      await using server = fakeServer();
      server.fault = fault;
      const { code, out, err } = await run("a", "run", "p.yaml", "--remote", server.url);
      const said = (out + err).split("\n").filter((line) => /^(!| {4}=) /.test(line)).join("\n");
      assertEquals(said.replaceAll(server.url, "URL").replace(/[0-9a-f]{64}/, "KEY"), warning);
      assertEquals(code, 0);
    }));
}

Deno.test("tvp push sends what a remote lacks, tvp pull fetches it", () =>
  inShared(folderRemote, pushAndPull));

Deno.test("tvp push and pull work with an S3 server", () =>
  inFolder(async (folder) => {
    const s3 = await startS3(folder);
    if ("reason" in s3) return console.log(`skipped: no S3 server to be had here: ${s3.reason}`);
    await using server = s3;
    await inShared(() => "s3://bucket/cli", pushAndPull, server.environment);
  }));

Deno.test("tvp push says why it cannot", () =>
  inShared(folderRemote, async ({ folder, run }) => {
    assertEquals((await run("a", "run", "p.yaml", "--quiet")).code, 0);
    const keyless = await tvp(folder, "push", "--cache", "a", {
      env: { TVP_CACHE_REMOTE: folderRemote(folder), TVP_CACHE_PRIVATE_KEY: "" },
    });
    assertEquals(keyless.code, 2);
    assertStringIncludes(
      keyless.err,
      "Cannot push: there is no key to sign with, TVP_CACHE_PRIVATE_KEY is not set",
    );
    const homeless = await tvp(folder, "push", "--cache", "a", { env: { TVP_CACHE_REMOTE: "" } });
    assertStringIncludes(homeless.err, "Cannot push: expected --remote URL or TVP_CACHE_REMOTE");
    const unreachable = await run("a", "push", "--remote", "http://127.0.0.1:1/");
    assertEquals(unreachable.code, 2);
    assert(/Cannot push to remote cache "http:\/\/127\.0\.0\.1:1\/": /.test(unreachable.err));
  }));

Deno.test("tvp run says that a remote's results cannot be checked", () =>
  inShared(folderRemote, async ({ folder }) => {
    const others = await generateSigningKeys();
    const said = async (...settings: readonly Readonly<Record<string, string>>[]) => {
      const env = Object.assign({ TVP_CACHE_REMOTE: folderRemote(folder) }, ...settings);
      return (await tvp(folder, "run", "p.yaml", { env })).out.split("\n").filter((line) =>
        /^!|^ {4}=/.test(line)
      );
    };
    const message = 'Cannot check what a remote cache holds by the keys in "cache_keys.txt"';
    assertEquals(await said({ TVP_CACHE_PRIVATE_KEY: others.privateKey }), [
      `! ${message}: the public key of TVP_CACHE_PRIVATE_KEY is not in it`,
      "    = Others do not use what this machine sends, and each push sends all of it again, " +
      `until cache_keys.txt has this line: ${others.publicKey}`,
    ]);
    Deno.removeSync(join(folder, "cache_keys.txt"));
    assertEquals(await said({ TVP_CACHE_PRIVATE_KEY: "" }), [
      `! ${message}: there is no such file`,
      "    = A line of cache_keys.txt is a public key, as tvp keys makes it",
    ]);
  }));

Deno.test("tvp pull fails where the remote does, and takes what it can", () =>
  inShared(folderRemote, async ({ run }) => {
    const pulled = await run("b", "pull", "p.yaml", "--remote", "http://127.0.0.1:1/");
    assertEquals(pulled.code, 1);
    assertStringIncludes(pulled.err, "Cannot pull a task with remote cache");
    assertMatch(pulled.out, /^0 of 4 tasks are here, 0 B\n$/);
  }));
