import { assertEquals, assertRejects } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { installProvider, wheelFor } from "../../lib/runtime/install_provider.ts";
import { runtimeVersion } from "../../lib/runtime/session.ts";
import { encodeZip } from "../../lib/tensor/zip.ts";

const content = new TextEncoder().encode("a provider");
const archive = encodeZip({
  "onnxruntime/capi/libonnxruntime_providers_cuda.so": content,
  "onnxruntime/capi/libother.so": new Uint8Array(3),
}) as Uint8Array<ArrayBuffer>;
const digest = await crypto.subtle.digest("SHA-256", archive);
const wheel = {
  project: "onnxruntime-gpu",
  file: "onnxruntime_gpu-1.0-cp312-linux.whl",
  bytes: archive.length,
  sha256: new Uint8Array(digest).toHex(),
};

/** An index of packages with one wheel, whose link is relative as mirrors have it. */
async function withIndex(
  served: Uint8Array<ArrayBuffer>,
  use: (index: string, directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/simple/onnxruntime-gpu/") {
        return new Response(`<a href="../../files/${wheel.file}#sha256=0">${wheel.file}</a>`);
      }
      return pathname === `/files/${wheel.file}`
        ? new Response(served)
        : new Response("", { status: 404 });
    },
  );
  await use(`http://127.0.0.1:${server.addr.port}/simple/`, directory);
  await Deno.remove(directory, { recursive: true });
}

const files = ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"];

Deno.test("installProvider() puts the files of a wheel beside the binding", () =>
  withIndex(archive, async (index, directory) => {
    const told: number[] = [];
    const onProgress = (done: number) => told.push(done);
    const paths = await installProvider(wheel, { directory, files, index, onProgress });
    assertEquals(paths, [`${directory}/libonnxruntime_providers_cuda.so`]);
    assertEquals(await Deno.readFile(paths[0]!), content);
    assertEquals([...Deno.readDirSync(directory)].length, 1);
    assertEquals(told.at(-1), archive.length);
  }));

Deno.test("installProvider() takes no other bytes than the pinned ones", async () => {
  const damaged = archive.slice();
  damaged[40]! ^= 1;
  for (const served of [damaged, archive.slice(0, 50), new Uint8Array(archive.length + 1)]) {
    await withIndex(served, async (index, directory) => {
      const install = () => installProvider(wheel, { directory, files, index });
      const { message } = await assertRejects(install, DiagnosticError);
      assertEquals(message, `Cannot use ${wheel.file}: its bytes do not match the pinned digest`);
      assertEquals([...Deno.readDirSync(directory)], []);
    });
  }
});

Deno.test("installProvider() says what cannot be fetched", () =>
  withIndex(archive, async (index, directory) => {
    const rows: readonly (readonly [Partial<typeof wheel>, string, string])[] = [
      [{ file: "other.whl" }, index, `other.whl: ${index}onnxruntime-gpu/ does not list it`],
      [{ project: "none" }, index, `${wheel.file}: the server answered 404`],
    ];
    for (const [change, from, cause] of rows) {
      const install = () =>
        installProvider({ ...wheel, ...change }, { directory, files, index: from });
      const { message } = await assertRejects(install, DiagnosticError);
      assertEquals(message, `Cannot fetch ${cause}`);
    }
  }));

Deno.test("there is a wheel for the version that runs", async () => {
  if (Deno.build.os !== "linux") return;
  assertEquals(wheelFor(await runtimeVersion()).project, "onnxruntime-gpu");
});
