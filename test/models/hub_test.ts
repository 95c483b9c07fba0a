import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { fetchHubModel, type HubOptions } from "../../lib/models/hub.ts";
import { parseHubName } from "../../lib/hub/hub_name.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const weights = "weights ".repeat(100);

/** A graph whose weights lie in the given files. */
function graph(...locations: readonly string[]): Uint8Array<ArrayBuffer> {
  const builder = new GraphBuilder();
  builder.output(builder.input("x", "float32", [200]), "y");
  const { graph, ...model } = builder.finish();
  const initializers = new Map(locations.map((location, i) => [`w${i}`, {
    dtype: "float32" as const,
    dims: [200],
    data: { kind: "external" as const, directory: "", location, offset: 0, length: 800 },
  }]));
  return encodeModel({ ...model, graph: { ...graph, initializers } }) as Uint8Array<ArrayBuffer>;
}

type Content = string | Uint8Array<ArrayBuffer>;

const content: Readonly<Record<string, Content>> = {
  "config.json": "{}",
  "onnx/vision_encoder.onnx": graph("vision_encoder.onnx_data"),
  "onnx/vision_encoder.onnx_data": weights,
  "onnx/vision_encoder_fp16.onnx": graph(),
  "model.safetensors": "not needed",
  "README.md": "not needed",
};

interface Hub {
  readonly options: HubOptions;
  readonly requests: { path: string; range: string | null }[];
  /** Bytes after which the next answer breaks off. */
  cut: number | undefined;
  files: Record<string, Content>;
  /** What the hub says of the model in place of its files. */
  listing?: unknown;
}

async function withHub(test: (hub: Hub) => Promise<void>): Promise<void> {
  const cache = await Deno.makeTempDir();
  const requests: Hub["requests"] = [];
  const hub = { requests, cut: undefined, files: { ...content } } as Hub & {
    options: HubOptions;
  };
  await using server = Deno.serve({ port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    requests.push({ path: pathname, range: request.headers.get("range") });
    return await answer(hub, pathname, request.headers.get("range"));
  });
  const endpoint = `http://127.0.0.1:${server.addr.port}`;
  try {
    await test(Object.assign(hub, { options: { cache, endpoint } }));
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

async function answer(hub: Hub, path: string, range: string | null): Promise<Response> {
  if (/^\/api\/models\/some\/model\/revision\/(main|refs%2Fpr%2F1)$/.test(path)) {
    if (typeof hub.listing === "string") return new Response(hub.listing);
    return Response.json(hub.listing === undefined ? await listingOf(hub.files) : hub.listing);
  }
  const name = path.replace(`/some/model/resolve/${commit}/`, "");
  const file = hub.files[name.split("/").map(decodeURIComponent).join("/")];
  if (file === undefined) return new Response("", { status: 404 });
  const from = Number(/bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
  const end = hub.cut ?? file.length;
  hub.cut = undefined;
  return new Response(file.slice(from, end), { status: from > 0 ? 206 : 200 });
}

async function listingOf(files: Readonly<Record<string, Content>>): Promise<unknown> {
  const siblings = await Promise.all(
    Object.keys(files).map(async (rfilename) => ({
      rfilename,
      size: files[rfilename]!.length,
      ...(rfilename.endsWith("_data") ? { lfs: { sha256: await digest(weights) } } : {}),
    })),
  );
  return { sha: commit, siblings };
}

async function digest(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

const model = parseHubName("hf://some/model")!;

Deno.test("parseHubName() takes owner, name and revision apart", () => {
  const cases: [string, unknown][] = [
    ["hf://some/model", { owner: "some", name: "model", revision: "main" }],
    ["hf://a.b/c-d@v1.0", { owner: "a.b", name: "c-d", revision: "v1.0" }],
    ["zoo/model", undefined],
    ["hf://model", undefined],
    ["hf://a/b/c", undefined],
    ["hf://a/b@refs/pr/1", { owner: "a", name: "b", revision: "refs/pr/1" }],
    ["hf://a/b@v1.0+cu118", { owner: "a", name: "b", revision: "v1.0+cu118" }],
    ["hf://a/b@feature/x#2", { owner: "a", name: "b", revision: "feature/x#2" }],
    ["hf://a/b@../x", undefined],
    ["hf://../b", undefined],
    ["hf://a/b@", undefined],
  ];
  for (const [text, expected] of cases) assertEquals(parseHubName(text), expected, text);
});

Deno.test("fetchHubModel() downloads what is needed, once", () =>
  withHub(async ({ options, requests }) => {
    const seen: number[] = [];
    const { path, commit: found } = await fetchHubModel(model, {
      ...options,
      onProgress: (done) => seen.push(done),
    });
    assertEquals(found, commit);
    assertEquals(await Deno.readTextFile(join(path, "config.json")), "{}");
    assertEquals(requests.map((r) => r.path.split("/").at(-1)), [
      "main",
      "config.json",
      "vision_encoder.onnx",
      "vision_encoder.onnx_data",
    ]);
    assertEquals(seen.at(-1), 2 + content["onnx/vision_encoder.onnx"]!.length + 800);
    requests.length = 0;
    await fetchHubModel(model, options);
    assertEquals(requests.length, 1);
    await fetchHubModel({ ...model, revision: commit }, options);
    assertEquals(requests.length, 1);
  }));

Deno.test("fetchHubModel() takes the weights asked for", () =>
  withHub(async ({ options, requests }) => {
    await fetchHubModel(model, { ...options, weights: "fp16" });
    assertEquals(requests.some((r) => r.path.endsWith("vision_encoder_fp16.onnx")), true);
  }));

Deno.test("fetchHubModel() continues a file that was cut off", () =>
  withHub(async (hub) => {
    await fetchFailing(hub, 3);
    assertEquals(hub.requests.at(-1)!.path.endsWith("vision_encoder.onnx_data"), true);
    const { path } = await fetchHubModel(model, hub.options);
    assertEquals(hub.requests.at(-1)!.range, "bytes=300-");
    const weights = await Deno.readTextFile(join(path, "onnx/vision_encoder.onnx_data"));
    assertEquals(weights, content["onnx/vision_encoder.onnx_data"]);
  }));

/** Downloads with the answer to request `count` (from 0) cut off after 300 bytes. */
async function fetchFailing(hub: Hub, count: number): Promise<void> {
  const push = hub.requests.push.bind(hub.requests);
  hub.requests.push = (...items) => {
    if (hub.requests.length === count) hub.cut = 300;
    return push(...items);
  };
  const error = await assertRejects(() => fetchHubModel(model, hub.options), DiagnosticError);
  assertEquals(
    error.message,
    'Cannot fetch model "hf://some/model@main": cannot use file "onnx/vision_encoder.onnx_data": it has 300 bytes instead of 800',
  );
  hub.requests.push = push;
}

Deno.test("fetchHubModel() says that a connection broke", () =>
  withHub(async ({ options }) => {
    const { fetch } = globalThis;
    const broken = () =>
      new ReadableStream({
        start: (body) => body.error(new TypeError("the connection is closed")),
      });
    globalThis.fetch = () => Promise.resolve(new Response(broken()));
    try {
      const error = await assertRejects(() => fetchHubModel(model, options), DiagnosticError);
      assertEquals(
        error.message,
        'Cannot fetch model "hf://some/model@main": its answer broke off, the connection is closed',
      );
    } finally {
      globalThis.fetch = fetch;
    }
  }));

/** What a hub says when it says nothing more, and the message. */
const silences: Readonly<Record<string, readonly [() => Promise<Response>, string, number?]>> = {
  "to a request": [() => new Promise(() => {}), "the hub does not answer within 0.001 s"],
  "in the middle of an answer": [
    () => Promise.resolve(new Response(new ReadableStream())),
    "its answer broke off, nothing came for 0.001 s",
  ],
  "but for a byte now and then": [
    () => Promise.resolve(new Response(drip())),
    "its answer comes too slowly",
    200,
  ],
};

/** A byte every 5 ms, without end. */
function drip(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      await delay(5);
      controller.enqueue(new Uint8Array(1));
    },
  });
}

for (const [when, [answer, cause, silenceMs = 1]] of Object.entries(silences)) {
  Deno.test(`fetchHubModel() does not wait for a hub that is silent ${when}`, () =>
    withHub(async ({ options }) => {
      const { fetch } = globalThis;
      globalThis.fetch = (_, { signal } = {}) =>
        Promise.race([
          answer(),
          new Promise<never>((_, reject) =>
            signal!.addEventListener("abort", () => reject(signal!.reason))
          ),
        ]);
      try {
        const asked = { ...options, silenceMs };
        const error = await assertRejects(() => fetchHubModel(model, asked), DiagnosticError);
        assertEquals(error.message, `Cannot fetch model "hf://some/model@main": ${cause}`);
        assertEquals(error.diagnostics[0]?.notes, ["Run again later: what was fetched is kept"]);
      } finally {
        globalThis.fetch = fetch;
      }
    }));
}

Deno.test("fetchHubModel() names a file that the hub lists and does not have", () =>
  withHub(async (hub) => {
    hub.listing = await listingOf(hub.files);
    delete hub.files["config.json"];
    const error = await assertRejects(() => fetchHubModel(model, hub.options), DiagnosticError);
    assertEquals(
      error.message,
      'Cannot fetch model "hf://some/model@main": file "config.json": the hub lists it, but does not have it',
    );
  }));

Deno.test("fetchHubModel() refuses content that is not what was announced", () =>
  withHub(async (hub) => {
    hub.files["onnx/vision_encoder.onnx_data"] = weights.toUpperCase();
    const error = await assertRejects(() => fetchHubModel(model, hub.options), DiagnosticError);
    assertEquals(
      error.message.endsWith("its content does not match the digest that the hub announced"),
      true,
    );
    hub.files = { ...content };
    await fetchHubModel(model, hub.options);
  }));

Deno.test("fetchHubModel() says that a model is not there, or the hub", () =>
  withHub(async ({ options }) => {
    const absent = { ...model, name: "absent" };
    const missing = await assertRejects(() => fetchHubModel(absent, options), DiagnosticError);
    assertEquals(
      missing.message,
      'Cannot fetch model "hf://some/absent@main": it does not exist, or has no such revision',
    );
    const offline = { ...options, endpoint: "http://127.0.0.1:1" };
    const error = await assertRejects(() => fetchHubModel(model, offline), DiagnosticError);
    const { message, notes } = error.diagnostics[0]!;
    assertStringIncludes(message, "the hub http://127.0.0.1:1/ cannot be reached, ");
    assertEquals(notes, [
      "Check the network, or set HF_ENDPOINT to a hub that can be reached",
      "With HF_HUB_OFFLINE=1 no hub is asked: what is in the cache is used",
    ]);
  }));

Deno.test("fetchHubModel() fetches what graphs refer to, whatever it is called", () =>
  withHub(async (hub) => {
    const named = ["weights/w0.bin", "./model.layers.0.weight", "160ea76f #1%.data"];
    hub.files = {
      "config.json": "{}",
      "additional_chat_templates/tool.jinja": "tools",
      "onnx/vision_encoder.onnx": graph(...named),
      "onnx/weights/w0.bin": weights,
      "onnx/model.layers.0.weight": weights,
      "onnx/160ea76f #1%.data": weights,
      "onnx/other.data": weights,
    };
    const { path } = await fetchHubModel({ ...model, revision: "refs/pr/1" }, hub.options);
    for (const name of Object.keys(hub.files).filter((name) => !name.endsWith("other.data"))) {
      assertEquals((await Deno.stat(join(path, name))).size, hub.files[name]!.length, name);
    }
    assertEquals(hub.requests.some(({ path }) => path.endsWith("other.data")), false);
  }));

Deno.test("fetchHubModel() takes the type of weights that there is", () =>
  withHub(async (hub) => {
    hub.files = {
      "onnx/vision_encoder_fp16.onnx": graph(),
      "onnx/vision_encoder_q4f16.onnx": graph(),
      "onnx/embed_tokens_q4.onnx": graph(),
    };
    await fetchHubModel(model, hub.options);
    assertEquals(hub.requests.slice(1).map(({ path }) => path.split("/").at(-1)), [
      "vision_encoder_fp16.onnx",
      "embed_tokens_q4.onnx",
    ]);
  }));

Deno.test("fetchHubModel() believes nothing that a hub says", async () => {
  const cause = 'Cannot fetch model "hf://some/model@main": ';
  const many = "0".repeat(1 << 20);
  const cases: [string, Partial<Hub>, string][] = [
    [
      "a commit that leads out",
      { listing: { sha: "../../x", siblings: [] } },
      'the answer of the hub cannot be read: in its answer, sha must be a commit of 40 hexadecimal digits, but is "../../x"',
    ],
    [
      "a page",
      { listing: "<html>login</html>" },
      'the answer of the hub cannot be read: its answer is not JSON, but begins with "<html>login</html>"',
    ],
    [
      "nothing",
      { listing: null },
      "the answer of the hub cannot be read: in its answer, it must be a map, but is null",
    ],
    [
      "no files",
      { listing: { sha: commit } },
      "the answer of the hub cannot be read: in its answer, siblings must be a list of files, but is missing",
    ],
    [
      "a negative size",
      { listing: { sha: commit, siblings: [{ rfilename: "config.json", size: -1 }] } },
      "the answer of the hub cannot be read: in its answer, siblings[0].size must be a number of bytes, but is -1",
    ],
    [
      "nothing of a model",
      { listing: { sha: commit, siblings: [{ rfilename: "cat.jpg", size: 10 }] } },
      "the hub lists neither ONNX graphs nor JSON files of a model",
    ],
    [
      "more than announced",
      {
        listing: { sha: commit, siblings: [{ rfilename: "config.json", size: 10 }] },
        files: { "config.json": many },
      },
      'file "config.json" has more than 10 bytes',
    ],
    [
      "without end",
      {
        listing: { sha: commit, siblings: [{ rfilename: "config.json" }] },
        files: { "config.json": many.repeat(33) },
      },
      'file "config.json" has more than 33554432 bytes',
    ],
    [
      "weights that are not listed",
      { files: { "onnx/vision_encoder.onnx": graph("w.bin") } },
      '"onnx/vision_encoder.onnx" keeps the weights of "w0" in "onnx/w.bin", but the hub does not list that file',
    ],
    [
      "no graph",
      { files: { "onnx/vision_encoder.onnx": "graph" } },
      'cannot use file "onnx/vision_encoder.onnx": ',
    ],
  ];
  for (const [name, change, message] of cases) {
    await withHub(async (hub) => {
      Object.assign(hub, change);
      const error = await assertRejects(
        () => fetchHubModel(model, hub.options),
        DiagnosticError,
        cause + message,
      );
      assertEquals(error.diagnostics.length, 1, name);
    });
  }
});

Deno.test("fetchHubModel() passes over names that lead out of the folder", () =>
  withHub(async (hub) => {
    const siblings = [
      "../../evil.json",
      "/evil.json",
      "onnx/../../evil.onnx",
      "a\0.json",
      "config.json",
    ]
      .map((rfilename) => ({ rfilename, size: 2 }));
    hub.listing = { sha: commit, siblings };
    await fetchHubModel(model, hub.options);
    assertEquals(hub.requests.slice(1).map(({ path }) => path.split("/").at(-1)), ["config.json"]);
  }));
