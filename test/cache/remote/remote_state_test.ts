import { assertEquals, assertRejects } from "@std/assert";
import { readState, stateHeader, stateName } from "../../../lib/cache/remote/remote_state.ts";
import type { Remote } from "../../../lib/cache/remote/remote.ts";
import {
  generateSigningKeys,
  readSigner,
  readVerifier,
} from "../../../lib/cache/remote/signature.ts";
import { TransferError } from "../../../lib/cache/remote/transfer.ts";
import { keyOf } from "../rig.ts";

const keys = await generateSigningKeys();
const signer = await readSigner(keys.privateKey);
const verifier = await readVerifier(keys.publicKey);
const state = new TextEncoder().encode("a state\nof two lines");
const encode = (text: string) => new TextEncoder().encode(text);
const header = encode(await stateHeader(keyOf("t"), state, (...of) => signer.sign(...of)));

/** A remote that answers with these pieces, and counts how many are asked for. */
function remoteOf(pieces: Iterable<Uint8Array>): { remote: Remote; taken: () => number } {
  let taken = 0;
  const iterator = pieces[Symbol.iterator]();
  const open = (name: string) => {
    assertEquals(name, stateName(keyOf("t")));
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const next = iterator.next();
        if (next.done) return controller.close();
        taken++;
        controller.enqueue(next.value);
      },
    }, { highWaterMark: 0 });
    return Promise.resolve({ body, from: 0 });
  };
  return { remote: { url: "test:", open } as unknown as Remote, taken: () => taken };
}

const read = (remote: Remote) =>
  readState(remote, keyOf("t"), { verifier, limitBytes: 1 << 20, patienceMs: 1000 });

Deno.test("readState() gives what was signed, in pieces of any size", async () => {
  const whole = new Uint8Array([...header, ...state]);
  for (const size of [1, 7, 1000]) {
    const pieces = Array.from(
      { length: Math.ceil(whole.length / size) },
      (_, i) => whole.slice(i * size, (i + 1) * size),
    );
    assertEquals(await read(remoteOf(pieces).remote), state, `pieces of ${size}`);
  }
  const empty = encode(
    await stateHeader(keyOf("t"), new Uint8Array(), (...of) => signer.sign(...of)),
  );
  assertEquals(await read(remoteOf([empty]).remote), new Uint8Array());
});

function* endless(first: Uint8Array) {
  yield first;
  for (;;) yield new Uint8Array(256);
}

Deno.test("readState() reads no more than a signature vouches for", async () => {
  const otherTask = encode(await stateHeader(keyOf("u"), state, (...of) => signer.sign(...of)));
  const cases: [name: string, pieces: Iterable<Uint8Array>, most: number][] = [
    ["zeros without end", endless(new Uint8Array(256)), 3],
    ["a state without end", endless(new Uint8Array([...header, ...state])), 3],
    ["a state of another task", [otherTask, state], 1],
    ["another state", [header, encode("b state\nof two lines")], 2],
    ["a state that is cut off", [header, state.slice(0, 5)], 2],
    ["a header that is cut off", [header.slice(0, 30)], 1],
    ["nothing", [], 0],
    ["a length that was changed", [
      encode(new TextDecoder().decode(header).replace(/\d+\n$/, "9999\n")),
      state,
    ], 1],
  ];
  for (const [name, pieces, most] of cases) {
    const { remote, taken } = remoteOf(pieces);
    const error = await assertRejects(() => read(remote), TransferError);
    assertEquals(
      error.message,
      `${stateName(keyOf("t"))} is not signed by a key that is trusted`,
      name,
    );
    assertEquals(taken() <= most, true, `${name}: ${taken()} pieces`);
  }
});
