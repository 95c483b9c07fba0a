import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { DataSpec } from "../../lib/data/data_spec.ts";
import { fetchHubData, hubMistake } from "../../lib/data/hub_data.ts";
import { prepareData } from "../../lib/data/load_data.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { parseHubData } from "../../lib/hub/hub_name.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const parquet = await Deno.readFile(
  new URL("published/files/parquet/snappy.parquet", import.meta.url),
);
const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", parquet)).toHex();

/** A hub with the data set `some/pets`. */
interface Hub {
  readonly requests: string[];
  files: readonly string[];
  /** Bytes after which the next file breaks off. */
  cut?: number | undefined;
  sha256: string;
  fetch(spec: DataSpec, more?: { offline: boolean }): Promise<DataSpec>;
  readonly cache: string;
}

async function withHub(files: readonly string[], body: (hub: Hub) => Promise<void>): Promise<void> {
  const cache = await Deno.makeTempDir({ prefix: "tvp-hub-" });
  const requests: string[] = [];
  await using server = Deno.serve({ port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    const range = request.headers.get("range") ?? "";
    requests.push(`${pathname} ${range}`.trim());
    if (/^\/api\/datasets\/some\/pets\/revision\/(main|refs%2Fconvert%2Fparquet)$/.test(pathname)) {
      const lfs = { sha256: hub.sha256 };
      const siblings = hub.files.map((rfilename) => ({ rfilename, size: parquet.length, lfs }));
      return Response.json({ sha: commit, siblings });
    }
    const isFile = pathname.startsWith(`/datasets/some/pets/resolve/${commit}/`);
    if (!isFile) return new Response("", { status: 404 });
    const from = Number(/bytes=(\d+)-/.exec(range)?.[1] ?? 0);
    const end = hub.cut ?? parquet.length;
    hub.cut = undefined;
    return new Response(parquet.slice(from, end), { status: from > 0 ? 206 : 200 });
  });
  const hub: Hub = {
    ...{ requests, files, sha256, cache },
    fetch: (spec, more = { offline: false }) =>
      fetchHubData(
        spec,
        () => Promise.resolve({ cache, endpoint: `http://127.0.0.1:${server.addr.port}`, ...more }),
      ),
  };
  try {
    await body(hub);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

const plain = ["README.md", "data/test-0.parquet", "data/train-0.parquet", "dataset.py"];
const spec: DataSpec = { parquet: "hf://datasets/some/pets" };

Deno.test("parseHubData() takes repository, revision and path apart", () => {
  const repository = { kind: "datasets", owner: "a", name: "b", revision: "main" } as const;
  const cases: [string, unknown][] = [
    ["hf://datasets/a/b", { repository, path: "" }],
    ["hf://datasets/a/b/plain/train*.parquet", { repository, path: "plain/train*.parquet" }],
    ["hf://datasets/a/b@v1/x", { repository: { ...repository, revision: "v1" }, path: "x" }],
    ["hf://datasets/a/b@~parquet/x/train", {
      repository: { ...repository, revision: "refs/convert/parquet" },
      path: "x/train",
    }],
    ["hf://datasets/a/b@refs%2Fpr%2F1", {
      repository: { ...repository, revision: "refs/pr/1" },
      path: "",
    }],
    ["hf://datasets/a", undefined],
    ["hf://a/b", undefined],
    ["hf://datasets/../b", undefined],
    ["hf://datasets/a/b@..%2Fx", undefined],
    ["hf://datasets/a/b@%zz", undefined],
  ];
  for (const [text, expected] of cases) assertEquals(parseHubData(text), expected, text);
});

Deno.test("fetchHubData() fetches the Parquet files, once, and they are rows of their splits", () =>
  withHub(plain, async ({ fetch, requests, cache }) => {
    const fetched = await fetch(spec);
    const folder = join(cache, `datasets--some--pets/snapshots/${commit}/data`);
    const paths = [join(folder, "test-0.parquet"), join(folder, "train-0.parquet")];
    assertEquals(fetched, { name: "pets", parquet: paths });
    const { splits } = await prepareData({ spec: fetched, seed: 0 });
    assertEquals([splits.test.length, splits.train.length + splits.validation.length], [10, 10]);
    const before = requests.length;
    await fetch(spec);
    assertEquals(requests.slice(before), ["/api/datasets/some/pets/revision/main"]);
    assertEquals(await fetch(spec, { offline: true }), fetched);
  }));

Deno.test("fetchHubData() goes on with a file that was cut off", () =>
  withHub(plain, async (hub) => {
    hub.cut = 100;
    await assertRejects(() => hub.fetch(spec), DiagnosticError, "it has 100 bytes instead of");
    await hub.fetch(spec);
    const files = hub.requests.filter((request) => request.includes("/resolve/"));
    // The other file has the same content.
    assertEquals(files.map((request) => request.split(" ")[1]), [undefined, "bytes=100-"]);
  }));

Deno.test("fetchHubData() takes a folder, a pattern, or what belongs to each split", () =>
  withHub(
    ["cats/train/0.parquet", "cats/test/0.parquet", "dogs/train/0.parquet", "dogs/test/0.parquet"],
    async ({ fetch, cache }) => {
      const root = join(cache, `datasets--some--pets/snapshots/${commit}`);
      const at = (...names: string[]) => names.map((name) => join(root, name));
      const place = (path: string) => `hf://datasets/some/pets${path}`;
      const one = await fetch({ parquet: place("/cats") });
      assertEquals(one.parquet, at("cats/test/0.parquet", "cats/train/0.parquet"));
      const { splits } = await prepareData({ spec: one, seed: 0 });
      assertEquals(splits.test.length, 10);
      const pattern = await fetch({ parquet: place("/*/train") });
      assertEquals(pattern.parquet, at("cats/train/0.parquet", "dogs/train/0.parquet"));
      const split = await fetch({
        parquet: { train: place("/dogs/train"), test: place("@~parquet/cats/test/0.parquet") },
      });
      assertEquals(split.parquet, {
        train: at("dogs/train/0.parquet"),
        test: at("cats/test/0.parquet"),
      });
    },
  ));

const failures: readonly (readonly [place: string, files: readonly string[], message: string])[] = [
  [
    "",
    ["README.md"],
    'Cannot fetch data set "hf://datasets/some/pets@main": it has no Parquet files',
  ],
  ["", ["a/0.parquet", "b/0.parquet"], "it has several parts: a, b"],
  ["/c", ["a/0.parquet"], 'it has no Parquet files in "c"'],
  ["@v2", plain, "it does not exist, or has no such revision"],
  ["", ["../x.parquet", "a/../../y.parquet"], "it has no Parquet files"],
];

for (const [place, files, message] of failures) {
  Deno.test(`fetchHubData() says: ${message}`, () =>
    withHub(files, async ({ fetch }) => {
      await assertRejects(
        () => fetch({ parquet: `hf://datasets/some/pets${place}` }),
        DiagnosticError,
        message,
      );
    }));
}

Deno.test("fetchHubData() refuses another content than was announced, and without a hub what is not here", () =>
  withHub(plain, async (hub) => {
    hub.sha256 = "0".repeat(64);
    await assertRejects(() => hub.fetch(spec), DiagnosticError, "does not match the digest");
    await assertRejects(
      () => hub.fetch({ parquet: "hf://datasets/some/others" }, { offline: true }),
      DiagnosticError,
      "HF_HUB_OFFLINE is set",
    );
  }));

Deno.test("hubMistake() knows names of hubs, for Parquet alone", () => {
  assertEquals(hubMistake(spec), undefined);
  assertEquals(hubMistake({ parquet: "a.parquet" }), undefined);
  assertEquals(
    hubMistake({ parquet: ["hf://some/pets"] }),
    '"hf://some/pets" is not the name of a data set on a hub',
  );
  assertEquals(
    hubMistake({ csv: "hf://datasets/some/pets/rows.csv" }),
    "of a hub's data sets, only Parquet files are read: write { parquet: hf://… }",
  );
});
