import { assert, assertEquals, assertRejects } from "@std/assert";
import { refusal } from "../../../lib/cache/remote/http_answer.ts";
import { failureOf, RemoteFailure, retrying } from "../../../lib/cache/remote/retry.ts";

const NOW = Date.now();

/** Answers, whether the same request is sent again, and after how long. */
const ANSWERS: readonly [number, Record<string, string>, boolean, number | undefined][] = [
  [500, {}, true, undefined],
  [503, { "retry-after": "7" }, true, 7000],
  [429, { "retry-after": new Date(NOW + 60_000).toUTCString() }, true, 60_000],
  [503, { "retry-after": new Date(0).toUTCString() }, true, 0],
  [502, { "retry-after": "soon" }, true, undefined],
  [408, {}, true, undefined],
  [401, { "retry-after": "7" }, false, undefined],
  [403, {}, false, undefined],
  [501, {}, false, undefined],
];

for (const [status, headers, isTransient, retryAfterMs] of ANSWERS) {
  Deno.test(`refusal() of ${status} ${JSON.stringify(headers["retry-after"] ?? "")}`, () => {
    const failure = refusal(new Response("", { status, headers }), "no");
    assertEquals(failure.isTransient, isTransient);
    const ms = failure.retryAfterMs;
    assert(ms === retryAfterMs || Math.abs((ms ?? NaN) - (retryAfterMs ?? NaN)) < 2000, `${ms}`);
  });
}

/** Fails with each of the failures in turn, then succeeds. */
function failing(...failures: readonly RemoteFailure[]): () => Promise<number> {
  let calls = 0;
  return () => {
    const failure = failures[calls];
    calls += 1;
    return failure === undefined ? Promise.resolve(calls) : Promise.reject(failure);
  };
}

const busy = (retryAfterMs?: number) =>
  new RemoteFailure("busy", { isTransient: true, retryAfterMs });

Deno.test("retrying() tries again what may pass, with growing random pauses", async () => {
  const startMs = performance.now();
  const random = () => 0;
  assertEquals(await retrying(failing(busy(), busy()), { patienceMs: 5000, random }), 3);
  const elapsedMs = performance.now() - startMs;
  assert(elapsedMs >= 125 + 250 && elapsedMs < 1500, `${elapsedMs} ms`);
});

Deno.test("retrying() gives up what cannot pass, what fails too often, and what takes too long", async () => {
  const cases: readonly [string, RemoteFailure[], number][] = [
    ["refused", [new RemoteFailure("refused")], 5000],
    ["busy", [busy(1), busy(1), busy(1), busy(1)], 5000],
    ["busy", [busy(60_000)], 5000],
    ["busy", [busy(30), busy(30)], 50],
  ];
  for (const [message, failures, patienceMs] of cases) {
    const work = () => retrying(failing(...failures), { patienceMs });
    assertEquals((await assertRejects(work, RemoteFailure)).message, message);
  }
});

Deno.test("retrying() does not count tries that get further", async () => {
  let reached = 0;
  const attempt = () => {
    reached += 1;
    return reached === 12 ? Promise.resolve("done") : Promise.reject(busy(1));
  };
  assertEquals(await retrying(attempt, { patienceMs: 1000, progress: () => reached }), "done");
});

Deno.test("retrying() stops when its signal is aborted, and lets other errors pass", async () => {
  const controller = new AbortController();
  const waiting = retrying(failing(busy(4000)), { patienceMs: 5000, signal: controller.signal });
  controller.abort(new RemoteFailure("ended"));
  assertEquals((await assertRejects(() => waiting, RemoteFailure)).message, "ended");
  const broken = () => Promise.reject(new RangeError("ours"));
  await assertRejects(() => retrying(broken, { patienceMs: 5000 }), RangeError, "ours");
});

Deno.test("failureOf() says what did not work, and passes on what is no matter of a remote", () => {
  const cause = new Error(
    "error sending request for url (http://x/y): client error (Connect): Connection refused",
  );
  const failure = failureOf(new TypeError("fetch failed", { cause }));
  assertEquals(failure.message, "client error (Connect): Connection refused");
  assert(failure.isTransient);
  const denied = failureOf(
    Object.assign(new Deno.errors.PermissionDenied("no"), { code: "EACCES" }),
  );
  assert(!denied.isTransient);
  try {
    failureOf(new SyntaxError("ours"));
  } catch (error) {
    assert(error instanceof SyntaxError);
  }
});
