import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { fetchHubModel } from "../../lib/models/hub.ts";
import { hubCacheFolder, isOffline } from "../../lib/hub/hub_cache.ts";
import { parseHubName } from "../../lib/hub/hub_name.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const model = parseHubName("hf://some/model")!;

/** SHA-1 of `blob 2\0{}`, as `git hash-object` gives it. */
const emptyMap = "9e26dfeeb6e641a33dae4961196235bdb965b21b";

function graph(): Uint8Array<ArrayBuffer> {
  const builder = new GraphBuilder();
  builder.output(builder.input("x", "float32", [1]), "y");
  return encodeModel(builder.finish()) as Uint8Array<ArrayBuffer>;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

interface Hub {
  readonly cache: string;
  readonly endpoint: string;
  readonly asked: string[];
}

/** A hub with a small file, of which git knows a digest, and a large one with a SHA-256. */
async function withHub(test: (hub: Hub) => Promise<void>, config = "{}"): Promise<void> {
  const asked: string[] = [];
  const bytes = graph();
  const siblings = [
    { rfilename: "config.json", size: 2, blobId: emptyMap },
    {
      rfilename: "onnx/decoder_model_merged.onnx",
      size: bytes.length,
      blobId: "f".repeat(40),
      lfs: { sha256: await sha256(bytes) },
    },
  ];
  await using server = Deno.serve({ port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname.split("/").at(-1)!);
    if (pathname.startsWith("/api/")) return Response.json({ sha: commit, siblings });
    return new Response(pathname.endsWith("config.json") ? config : bytes);
  });
  const cache = await Deno.makeTempDir();
  try {
    await test({ cache, endpoint: `http://127.0.0.1:${server.addr.port}`, asked });
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

const repository = "models--some--model";

Deno.test("fetchHubModel() keeps files as huggingface_hub does", () =>
  withHub(async ({ cache, endpoint }) => {
    const { path } = await fetchHubModel(model, { cache, endpoint });
    assertEquals(path, join(cache, repository, "snapshots", commit));
    assertEquals(await Deno.readTextFile(join(cache, repository, "refs/main")), commit);
    assertEquals(await Deno.readLink(join(path, "config.json")), join("../../blobs", emptyMap));
    const graphLink = await Deno.readLink(join(path, "onnx/decoder_model_merged.onnx"));
    assertEquals(graphLink, join("../../../blobs", await sha256(graph())));
  }));

Deno.test("fetchHubModel() compares small files with git's digest", () =>
  withHub(async ({ cache, endpoint }) => {
    const error = await assertRejects(
      () => fetchHubModel(model, { cache, endpoint }),
      DiagnosticError,
    );
    assertEquals(
      error.message,
      'Cannot fetch model "hf://some/model@main": cannot use file "config.json": its content does not match the digest that the hub announced',
    );
  }, "[]"));

Deno.test("fetchHubModel() asks no hub when it is offline", () =>
  withHub(async ({ cache, endpoint, asked }) => {
    const offline = { cache, endpoint, offline: true };
    const error = await assertRejects(() => fetchHubModel(model, offline), DiagnosticError);
    assertEquals(
      error.message,
      `Cannot fetch model "hf://some/model@main": it is not in the cache "${cache}", and HF_HUB_OFFLINE is set, so no hub is asked`,
    );
    await fetchHubModel(model, { cache, endpoint });
    asked.length = 0;
    for (const revision of ["main", commit]) {
      const { path } = await fetchHubModel({ ...model, revision }, offline);
      assertEquals(path, join(cache, repository, "snapshots", commit));
    }
    assertEquals(asked, []);
    await Deno.remove(join(cache, repository, "snapshots", commit, "config.json"));
    const partly = await assertRejects(() => fetchHubModel(model, offline), DiagnosticError);
    assertEquals(
      partly.message,
      'Cannot fetch model "hf://some/model@main": its file "config.json" is not in the cache, and HF_HUB_OFFLINE is set, so no hub is asked',
    );
  }));

Deno.test("fetchHubModel() uses offline what another program has fetched", async () => {
  const cache = await Deno.makeTempDir();
  try {
    const snapshot = join(cache, repository, "snapshots", commit);
    await Deno.mkdir(join(snapshot, "onnx"), { recursive: true });
    await Deno.mkdir(join(cache, repository, "refs"));
    await Deno.mkdir(join(cache, repository, "blobs"));
    await Deno.writeTextFile(join(cache, repository, "refs/main"), commit);
    await Deno.writeTextFile(join(cache, repository, "blobs", emptyMap), "{}");
    await Deno.symlink(join("../../blobs", emptyMap), join(snapshot, "config.json"));
    await Deno.writeFile(join(snapshot, "onnx/vision_encoder.onnx"), graph());
    assertEquals((await fetchHubModel(model, { cache, offline: true })).path, snapshot);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});

Deno.test("hubCacheFolder() looks where huggingface_hub does", () => {
  const cases: [Record<string, string>, string][] = [
    [{ HOME: "/home/me" }, "/home/me/.cache/huggingface/hub"],
    [{ HOME: "/home/me", XDG_CACHE_HOME: "/tmp/c" }, "/tmp/c/huggingface/hub"],
    [{ HOME: "/home/me", HF_HOME: "/data/hf" }, "/data/hf/hub"],
    [{ HF_HOME: "/data/hf", HF_HUB_CACHE: "/data/hub" }, "/data/hub"],
    [{ USERPROFILE: "/Users/me" }, "/Users/me/.cache/huggingface/hub"],
  ];
  for (const [env, folder] of cases) assertEquals(hubCacheFolder((name) => env[name]), folder);
});

Deno.test("isOffline() reads the variable as huggingface_hub does", () => {
  const cases: [string | undefined, boolean][] = [
    ["1", true],
    ["YES", true],
    ["on", true],
    ["true", true],
    ["0", false],
    ["", false],
    [undefined, false],
  ];
  for (const [value, expected] of cases) assertEquals(isOffline(() => value), expected, value);
});
