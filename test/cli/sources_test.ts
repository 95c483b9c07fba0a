import { assertEquals, assertRejects } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { checkName, sourceResolver } from "../../lib/cli/sources.ts";
import type { ContentDigests } from "../../lib/pipeline/store.ts";

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
    assertEquals(checkName(folders, "model", "hf://some/model@v1"), undefined);
    const resolver = sourceResolver(folders, digests);
    const source = await resolver.open("model", "hf://some/model@v1") as unknown as {
      path: string;
      digest: string;
    };
    assertEquals(source.digest, commit);
    assertEquals(await Deno.readTextFile(`${source.path}/config.json`), "{}");
    await assertRejects(
      () => sourceResolver(folders, digests).open("model", "hf://some/other"),
      DiagnosticError,
      "some/other",
    );
  } finally {
    Deno.env.delete("HF_ENDPOINT");
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("checkName() tells a folder that holds no model", async () => {
  const base = await Deno.makeTempDir();
  const folders = { root: `${base}/`, base };
  const causeOf = () => checkName(folders, "model", "./mine")?.cause;
  assertEquals(causeOf(), `there is no folder ${base}/mine`);
  await Deno.mkdir(`${base}/mine`);
  assertEquals(causeOf(), `there is no config.json in ${base}/mine`);
  await Deno.writeTextFile(`${base}/mine/config.json`, "{}");
  assertEquals(causeOf(), undefined);
  await Deno.remove(base, { recursive: true });
});
