import { assertEquals } from "@std/assert";
import { parseHubName } from "../../lib/hub/hub_name.ts";
import { downloadFile } from "../../lib/hub/hub_request.ts";
import { withFolder } from "../cache/rig.ts";

const content = "0123456789";

/** A hub that answers ranges as RFC 9110 says. */
function rangedHub(asked: (string | null)[]) {
  return Deno.serve({ port: 0, onListen() {} }, (request) => {
    const range = request.headers.get("range");
    asked.push(range);
    if (range === null) return new Response(content);
    const from = Number(/^bytes=(\d+)-$/.exec(range)![1]);
    if (from >= content.length) {
      return new Response("no such range", {
        status: 416,
        headers: { "content-range": `bytes */${content.length}` },
      });
    }
    const last = content.length - 1;
    const headers = { "content-range": `bytes ${from}-${last}/${content.length}` };
    return new Response(content.slice(from), { status: 206, headers });
  });
}

const cases: readonly {
  readonly what: string;
  readonly partial?: string;
  readonly size?: number;
  readonly asked: readonly (string | null)[];
}[] = [
  { what: "a new file", asked: [null] },
  { what: "the rest of a file", partial: "0123", asked: ["bytes=4-"] },
  {
    what: "all of a file of unknown size that is there",
    partial: content,
    asked: [
      "bytes=10-",
      null,
    ],
  },
  {
    what: "all of a file that was longer",
    partial: `${content}xyz`,
    size: 10,
    asked: [
      "bytes=13-",
      null,
    ],
  },
  { what: "nothing of a file of known size that is there", partial: content, size: 10, asked: [] },
];

for (const { what, partial, size, asked } of cases) {
  Deno.test(`downloadFile() fetches ${what}`, () =>
    withFolder(async (folder) => {
      const seen: (string | null)[] = [];
      await using server = rangedHub(seen);
      const target = `${folder}/file`;
      if (partial !== undefined) await Deno.writeTextFile(`${target}.incomplete`, partial);
      const file = { name: "file", ...(size === undefined ? {} : { size }) };
      await downloadFile(
        parseHubName("hf://some/model")!,
        { commit: "0".repeat(40), file, target, onBytes: () => {} },
        { endpoint: `http://127.0.0.1:${server.addr.port}` },
      );
      assertEquals([await Deno.readTextFile(target), seen], [content, asked]);
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["file"]);
    }));
}
