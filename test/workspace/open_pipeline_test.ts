import { assertEquals, assertRejects } from "@std/assert";
import { FileMemo } from "../../lib/cache/digest/file_memo.ts";
import { openPipeline } from "../../lib/workspace/open_pipeline.ts";
import { withFolder } from "../cache/rig.ts";

Deno.test("openPipeline() closes what it has opened where it fails afterwards", () =>
  withFolder(async (folder) => {
    const file = `${folder}/demo.yaml`;
    await Deno.writeTextFile(file, "name: demo\nstages: { a: { uses: noop } }\n");
    const { flush } = FileMemo.prototype;
    let closed = 0;
    FileMemo.prototype.flush = function () {
      closed++;
      flush.call(this);
    };
    try {
      const onOpen = () => Promise.reject(new RangeError("stop"));
      const cache = `${folder}/cache`;
      await assertRejects(() => openPipeline({ file, cache }, { onOpen }), RangeError, "stop");
      assertEquals(closed, 1);
      await using opened = await openPipeline({ file, cache });
      assertEquals([closed, opened.plan.tasks.length], [1, 1]);
    } finally {
      FileMemo.prototype.flush = flush;
    }
  }));
