import { assertEquals, assertRejects } from "@std/assert";
import { localStore } from "../../../lib/cache/local/store.ts";
import type { Remote } from "../../../lib/cache/remote/remote.ts";
import { RemoteTasks } from "../../../lib/cache/remote/remote_tasks.ts";
import { generateSigningKeys, readVerifier } from "../../../lib/cache/remote/signature.ts";
import { TransferError } from "../../../lib/cache/remote/transfer.ts";
import type { Key } from "../../../lib/pipeline/contract/key.ts";
import { withFolder } from "../rig.ts";

Deno.test("RemoteTasks receives what a remote lies about once", () =>
  withFolder(async (folder) => {
    const asked: string[] = [];
    const open = (name: string) => {
      asked.push(name);
      return Promise.resolve({ body: new Blob(["{}"]).stream(), from: 0 });
    };
    const remote = { url: "memory:", open } as unknown as Remote;
    const verifier = await readVerifier((await generateSigningKeys()).publicKey);
    const tasks = new RemoteTasks(localStore(folder), { remote, verifier });
    const key = "a".repeat(64) as Key;
    await assertRejects(() => tasks.pull(key), TransferError);
    await assertRejects(() => tasks.pull(key), TransferError);
    assertEquals(await tasks.has(key), false);
    assertEquals(asked, [`tasks/${key}.json`]);
  }));
