import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { fetchHubModel, type HubOptions, parseHubName } from "../../lib/models/hub.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const content: Readonly<Record<string, string>> = {
  "config.json": "{}",
  "onnx/vision_encoder.onnx": "graph",
  "onnx/vision_encoder.onnx_data": "weights ".repeat(100),
  "onnx/vision_encoder_fp16.onnx": "half",
  "model.safetensors": "not needed",
  "README.md": "not needed",
};

interface Hub {
  readonly options: HubOptions;
  readonly requests: { path: string; range: string | null }[];
  /** Bytes after which the next answer breaks off. */
  cut: number | undefined;
  files: Record<string, string>;
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
  if (path === "/api/models/some/model/revision/main") {
    const siblings = await Promise.all(
      Object.entries(content).map(async ([rfilename, text]) => ({
        rfilename,
        size: text.length,
        ...(rfilename.endsWith("_data") ? { lfs: { sha256: await digest(text) } } : {}),
      })),
    );
    return Response.json({ sha: commit, siblings });
  }
  const text = hub.files[path.replace(`/some/model/resolve/${commit}/`, "")];
  if (text === undefined) return new Response("", { status: 404 });
  const from = Number(/bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
  const end = hub.cut ?? text.length;
  hub.cut = undefined;
  return new Response(text.slice(from, end), { status: from > 0 ? 206 : 200 });
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
    assertEquals(seen.at(-1), 2 + 5 + 800);
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

Deno.test("fetchHubModel() refuses content that is not what was announced", () =>
  withHub(async (hub) => {
    hub.files["onnx/vision_encoder.onnx_data"] = "WEIGHTS ".repeat(100);
    const error = await assertRejects(() => fetchHubModel(model, hub.options), DiagnosticError);
    assertEquals(error.message.endsWith("its content is not what the hub announced"), true);
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
    assertEquals(error.message.includes("the hub cannot be reached"), true);
  }));
