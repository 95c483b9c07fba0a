import { assertEquals } from "@std/assert";
import { isConfidential, shownUrl, withoutPasswords } from "../../lib/trust/urls.ts";

Deno.test("shownUrl() has no user, password, query or fragment", () => {
  assertEquals(shownUrl("https://user:pass@host:8443/a/b?token=x#y"), "https://host:8443/a/b");
  assertEquals(shownUrl("s3://bucket/prefix/"), "s3://bucket/prefix/");
  assertEquals(shownUrl("http://user:p@ss@:bad/?x"), "http://:bad/");
  assertEquals(shownUrl("user:pass@host:8443/a"), "host:8443/a");
  assertEquals(shownUrl("http://user:pa/ss@host:8443/a"), "http://host:8443/a");
  assertEquals(shownUrl("file:///home/me@work/r/"), "file:///home/me@work/r/");
});

Deno.test("withoutPasswords() takes them out of any text", () => {
  const cases: readonly (readonly [text: string, clean: string])[] = [
    ["see https://u:p@host/x and ssh://git@host", "see https://host/x and ssh://host"],
    ["https://h/o?X-Amz-Signature=abc&part=1", "https://h/o?X-Amz-Signature=…&part=1"],
    ["mail me@host, no URL", "mail me@host, no URL"],
    ["https://host/@scope/package", "https://host/@scope/package"],
  ];
  for (const [text, clean] of cases) assertEquals(withoutPasswords(text), clean);
});

Deno.test("isConfidential() takes https, and this machine", () => {
  const yes = ["https://host", "http://localhost:80", "http://127.0.0.1", "http://[::1]:9"];
  const no = ["http://host", "http://127.0.0.1.host", "http://localhost.host", "ftp://host"];
  assertEquals(yes.filter((url) => !isConfidential(url)), []);
  assertEquals(no.filter(isConfidential), []);
});
