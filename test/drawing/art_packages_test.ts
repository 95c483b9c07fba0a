import { assertEquals, assertRejects } from "@std/assert";
import { type ArtPackage, artPackages } from "../../lib/drawing/art_packages.ts";
import { openPackage } from "../../lib/drawing/fetch_art.ts";
import type { Download } from "../../lib/data/dataset.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { gzip, packTar } from "../datasets/tar.ts";

const tarball = await gzip(packTar({
  "package/icons.json": '{"icons":{}}',
  "package/LICENSE": "do as you like",
  "package/large.js": "not needed",
}));

async function entryFor(bytes: Uint8Array<ArrayBuffer>): Promise<ArtPackage> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", bytes));
  return {
    package: "@scope/art",
    version: "1.0.0",
    integrity: `sha512-${digest.toBase64()}`,
    bytes: bytes.length,
    licence: "MIT",
    purpose: "tests",
    files: ["icons.json"],
  };
}

/** A registry that counts its requests and answers with a body or 404. */
async function withRegistry(
  body: Uint8Array<ArrayBuffer> | undefined,
  use: (registry: string, requests: string[]) => Promise<void>,
): Promise<void> {
  const requests: string[] = [];
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    requests.push(new URL(request.url).pathname);
    return body ? new Response(body) : new Response("no", { status: 404 });
  });
  await use(`http://127.0.0.1:${server.addr.port}/`, requests);
}

Deno.test("openPackage() fetches, keeps what is needed and fetches no second time", async () => {
  const entry = await entryFor(tarball);
  const downloads = await Deno.makeTempDir();
  await withRegistry(tarball, async (registry, requests) => {
    const reported: Download[] = [];
    const options = { downloads, registry, onDownload: (one: Download) => reported.push(one) };
    const folder = await openPackage(entry, options);
    assertEquals(await openPackage(entry, options), folder);
    assertEquals(requests, ["/@scope/art/-/art-1.0.0.tgz"]);
    assertEquals(reported.map(({ bytes }) => bytes), [tarball.length]);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assertEquals(names, ["LICENSE", "icons.json"]);
    assertEquals([...Deno.readDirSync(downloads)].map(({ name }) => name), ["art-1.0.0"]);
  });
  await Deno.remove(downloads, { recursive: true });
});

Deno.test("openPackage() refuses a tarball that is not the pinned one", async () => {
  const entry = await entryFor(tarball);
  const downloads = await Deno.makeTempDir();
  const other = await gzip(packTar({ "package/icons.json": "{}" }));
  await withRegistry(other, async (registry) => {
    await assertRejects(
      () => openPackage(entry, { downloads, registry }),
      DiagnosticError,
      'Cannot use "@scope/art" 1.0.0: its tarball is not the pinned one',
    );
  });
  assertEquals([...Deno.readDirSync(downloads)], []);
  await Deno.remove(downloads, { recursive: true });
});

Deno.test("openPackage() says what is missing when it cannot fetch", async () => {
  const entry = await entryFor(tarball);
  await withRegistry(undefined, async (registry) => {
    const options = { downloads: "no/such/folder", registry };
    const error = await assertRejects(() => openPackage(entry, options), DiagnosticError);
    assertEquals(error.diagnostics, [{
      code: "download-failed",
      severity: "error",
      message:
        `Cannot fetch "@scope/art" 1.0.0: the registry answered 404, from ${registry}@scope/art/-/art-1.0.0.tgz`,
      notes: [
        "Needed once for tests, 0.0 MB",
        "Go online, or set npm_config_registry to a mirror that can be reached",
      ],
    }]);
  });
});

Deno.test("openPackage() reports a registry that does not answer", async () => {
  const entry = await entryFor(tarball);
  await assertRejects(
    () => openPackage(entry, { downloads: "no/such/folder", registry: "http://127.0.0.1:1" }),
    DiagnosticError,
    'Cannot fetch "@scope/art" 1.0.0: ',
  );
});

Deno.test("artPackages pins a sha512 for every package", () => {
  for (const [name, entry] of Object.entries(artPackages)) {
    const [kind, digest] = entry.integrity.split("-", 2);
    assertEquals(kind, "sha512", name);
    assertEquals(Uint8Array.fromBase64(digest!).length, 64, name);
  }
});
