import { assertEquals, assertRejects } from "@std/assert";
import { openRemote } from "../../../lib/cache/remote/open_remote.ts";
import { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";

const query = 'it has a query, "?…", which is not supported';
const fragment = 'it has a fragment, "#…", which is not supported';

const wrongs: readonly [url: string, shown: string, cause: string][] = [
  ["http://host/base?sig=1", "http://host/base", query],
  ["https://host/base?", "https://host/base", query],
  ["https://host/base#x", "https://host/base", fragment],
  ["https://host/base#x?y", "https://host/base", fragment],
  ["s3://bucket/pre?x=1", "s3://bucket/pre", query],
  ["s3://bucket/pre#x", "s3://bucket/pre", fragment],
  ["file:///mnt/x?y", "file:///mnt/x", query],
  ["file://rem/mnt/x", "file://rem/mnt/x/", '"rem" would be another machine'],
  ["s3://bucket:9000/pre", "s3://bucket:9000/pre/", "a bucket has no port"],
  ["s3://u:p@bucket/pre", "s3://bucket/pre/", "a bucket has no user"],
  ["gs://bucket/pre", "gs://bucket/pre", "it is not a URL of a known kind"],
  ["host/base", "host/base", "it is not a URL of a known kind"],
];

Deno.test({
  name: "openRemote() refuses URLs that say more than where a remote is",
  ignore: Deno.build.os === "windows",
  async fn() {
    for (const [url, shown, cause] of wrongs) {
      const { diagnostics } = await assertRejects(() => openRemote(url), DiagnosticError, cause);
      const messages = diagnostics.map(({ code, message }) => [code, message]);
      const message = `Cannot open remote cache "${shown}": ${cause}`;
      assertEquals(messages, [["unknown-remote", message]]);
      assertEquals(diagnostics[0]?.notes?.length, 1, url);
    }
  },
});

Deno.test("openRemote() takes names with signs that are written in percent", async () => {
  for (
    const url of ["file:///mnt/x%3Fy", "file://localhost/mnt/x", "https://host/a%23b", "s3://b"]
  ) {
    const remote = await openRemote(url);
    assertEquals(remote.url, url.replace("localhost", "").replace(/\/?$/, "/"));
  }
});
