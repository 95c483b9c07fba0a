import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { weightsMistake } from "../../lib/models/weight_types.ts";
import { checkName, sourceResolver } from "../../lib/workspace/sources.ts";
import { contentDigests } from "../../lib/cache/digest/content_digests.ts";
import type { ArtifactType, ModelSource } from "../../lib/pipeline/contract/stage.ts";
import type { ContentDigests } from "../../lib/pipeline/contract/store.ts";

const commit = "89abcdef0123456789abcdef0123456789abcdef";

/** Digests that nobody may ask for: a hub's model is known by its commit. */
const digests = {} as ContentDigests;

Deno.test("sourceResolver() fetches hf:// models from HF_ENDPOINT, and their commit is the digest", async () => {
  const root = await Deno.makeTempDir() + "/";
  await using server = Deno.serve({ port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/api/models/some/model/revision/v1") {
      return Response.json({ sha: commit, siblings: [{ rfilename: "config.json", size: 2 }] });
    }
    const found = pathname === `/some/model/resolve/${commit}/config.json`;
    return new Response(found ? "{}" : "", { status: found ? 200 : 404 });
  });
  Deno.env.set("HF_ENDPOINT", `http://127.0.0.1:${server.addr.port}`);
  try {
    const folders = { root, base: "." };
    assertEquals(await checkName(folders, { kind: "model" }, "hf://some/model@v1"), undefined);
    const resolver = sourceResolver(folders, digests);
    const source = await resolver.open({ kind: "model" }, "hf://some/model@v1") as unknown as {
      path: string;
      digest: string;
    };
    assertEquals(source.digest, commit);
    assertEquals(await Deno.readTextFile(`${source.path}/config.json`), "{}");
    await assertRejects(
      () => sourceResolver(folders, digests).open({ kind: "model" }, "hf://some/other"),
      DiagnosticError,
      "some/other",
    );
  } finally {
    Deno.env.delete("HF_ENDPOINT");
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("checkName() tells what is not an artifact of the type wanted, by its path", async () => {
  const base = await Deno.makeTempDir();
  const folders = { root: `${base}/`, base };
  await Deno.mkdir(`${base}/rows`);
  await Deno.writeTextFile(`${base}/p.safetensors`, "");
  const cases: readonly [ArtifactType, string, string | undefined][] = [
    ["prompt", "./none", `there is no file ${base}/none`],
    ["prompt", "./rows", `${base}/rows is not a file`],
    ["prompt", "./p.safetensors", undefined],
    ["prompt", `${base}/p.safetensors`, undefined],
    ["prompt", "/dev/null", "/dev/null is not a file"],
    ["dataset", "./none", `there is no folder ${base}/none`],
    ["dataset", "./p.safetensors", `${base}/p.safetensors is not a folder`],
    ["dataset", "./rows", `there is no dataset.json in ${base}/rows`],
    ["model", "./rows", `there is no config.json in ${base}/rows`],
    ["directory", "./rows", undefined],
  ];
  for (const [type, name, cause] of cases) {
    const mistake = await checkName(folders, { kind: "artifact", type }, name);
    assertEquals(mistake?.cause, cause, `${type} ${name}`);
  }
  await Deno.remove(base, { recursive: true });
});

Deno.test("sourceResolver() opens a path as what a stage would have written", async () => {
  const base = await Deno.makeTempDir();
  await Deno.writeTextFile(`${base}/p.safetensors`, "abc");
  await using digests = contentDigests();
  const resolver = sourceResolver({ root: `${base}/`, base }, digests);
  const opened = await Promise.all(
    (["prompt", "file"] as const).map((type) =>
      resolver.open({ kind: "artifact", type }, "./p.safetensors")
    ),
  );
  const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const path = `${base}/p.safetensors`;
  assertEquals(opened, [{ type: "prompt", path, digest }, { type: "file", path, digest }] as never);
  await Deno.remove(base, { recursive: true });
});

Deno.test("checkName() tells a folder that holds no model", async () => {
  const base = await Deno.makeTempDir();
  const folders = { root: `${base}/`, base };
  const causeOf = async () => (await checkName(folders, { kind: "model" }, "./mine"))?.cause;
  assertEquals(await causeOf(), `there is no folder ${base}/mine`);
  await Deno.mkdir(`${base}/mine`);
  assertEquals(await causeOf(), `there is no config.json in ${base}/mine`);
  const missing = "onnx/vision_encoder.onnx, onnx/embed_tokens.onnx, " +
    `onnx/decoder_model_merged.onnx, preprocessor_config.json, tokenizer.json missing in ${base}/mine`;
  const unsupported = 'its config.json says model_type "lava", which is not supported';
  const configs: readonly [text: string, cause: string | undefined][] = [
    ["", `${base}/mine/config.json is not a JSON object`],
    ["[1]", `${base}/mine/config.json is not a JSON object`],
    ["{}", "its config.json has no model_type"],
    ['{"model_type": 5}', "its config.json has no model_type"],
    ['{"model_type": "llava"}', missing],
    ['{"model_type": "florence2"}', missing.replace(", pre", ", onnx/encoder_model.onnx, pre")],
    ['{"model_type": "clip"}', undefined],
    ['{"model_type": "lava"}', unsupported],
    ['{"a": NaN, "model_type": "lava"}', unsupported],
  ];
  for (const [text, cause] of configs) {
    await Deno.writeTextFile(`${base}/mine/config.json`, text);
    assertEquals(await causeOf(), cause, text);
  }
  const { notes } = (await checkName(folders, { kind: "model" }, "./mine"))!;
  assertEquals(notes?.[0], 'did you mean "llava"?');
  await Deno.remove(base, { recursive: true });
});

Deno.test("a model with chosen weights is another model, and its files have to be there", async () => {
  const base = await Deno.makeTempDir();
  await Deno.mkdir(`${base}/mine/onnx`, { recursive: true });
  await Deno.writeTextFile(`${base}/mine/config.json`, '{"model_type": "of my own"}');
  await Deno.writeTextFile(`${base}/mine/processor_config.json`, '{"image_processor": {}}');
  await Deno.writeTextFile(`${base}/mine/tokenizer.json`, "{}");
  for (const part of ["vision_encoder", "embed_tokens", "decoder_model_merged_q4"]) {
    await Deno.writeTextFile(`${base}/mine/onnx/${part}.onnx`, "");
  }
  const folders = { root: `${base}/`, base };
  const kind = { kind: "model" } as const;
  const named = (weights: unknown) => JSON.stringify({ model: "./mine", weights });
  const table = [
    ["q4", undefined],
    [{ decoder: "q4", vision_encoder: "fp32" }, undefined],
    ["q2", `${base}/mine/onnx has no graph with weights q2 (*_q2.onnx)`],
    [{ decoder: "fp16" }, `${base}/mine/onnx has no decoder_model_merged_fp16.onnx`],
    [{ decodr: "q4" }, weightsMistake({ decodr: "q4" })],
  ] as const;
  for (const [weights, cause] of table) {
    assertEquals((await checkName(folders, kind, named(weights)))?.cause, cause);
  }
  const resolver = sourceResolver(folders, {
    ...digests,
    content: () => Promise.resolve("abc" as never),
  });
  const plain = await resolver.open(kind, "./mine") as unknown as ModelSource;
  const chosen = await resolver.open(kind, named("q4")) as unknown as ModelSource;
  assertEquals([plain.name, String(plain.digest)], ["./mine", "abc"]);
  assertEquals([chosen.name, chosen.weights, chosen.path], ["./mine (q4)", "q4", plain.path]);
  assertNotEquals(chosen.digest, plain.digest);
  await Deno.remove(base, { recursive: true });
});
