import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { processKind, workerFlags } from "../../lib/executors/worker_flags.ts";
import type { Job } from "../../lib/pipeline/contract/job.ts";
import type { StagePermission } from "../../lib/pipeline/contract/stage.ts";
import { keyOf } from "../cache/rig.ts";

const ours = new URL("../../stages/noop.ts", import.meta.url).href;
const others = "file:///work/own/taker.ts";
const project = fromFileUrl(new URL("../../", import.meta.url));

function jobOf(permissions: readonly StagePermission[], more: Partial<Job> = {}): Job {
  return {
    task: "a",
    key: keyOf("a"),
    stage: "noop",
    module: ours,
    isolation: "worker",
    permissions,
    places: { read: ["/work"], models: ["/models"], write: ["/store/work"] },
    parameters: {},
    outputs: {},
    checkpoint: "/store/checkpoints/a",
    checkpointIntervalMs: 1,
    scratch: "/store/scratch",
    provider: "cpu",
    resources: { cpu: 1, gpu: 0 },
    environment: {},
    ...more,
  };
}

/** Flags by their names; paths as Deno takes them. */
function flagsOf(job: Job): Record<string, string | undefined> {
  return Object.fromEntries(
    workerFlags(job, "/tmp/x").map((flag) => {
      const [name, value] = flag.split(/=(.*)/s);
      return [name!, value];
    }),
  );
}

Deno.test("a process reads what is named and writes where results go, where nothing is declared", () => {
  const { "--allow-read": read = "", ...rest } = flagsOf(jobOf([]));
  assertEquals(rest, {
    "--allow-env": undefined,
    "--allow-sys": undefined,
    "--allow-write": "/store/work,/tmp/x",
  });
  assert(read.startsWith(project));
  assert(read.endsWith("/work,/models,/store/work,/tmp/x"));
});

const cases: readonly (readonly [StagePermission, Record<string, string | undefined>])[] = [
  ["read", { "--allow-read": undefined }],
  ["write", { "--allow-write": undefined }],
  ["net", { "--allow-net": undefined, "--allow-import": undefined }],
  ["run", { "--allow-run": undefined }],
];

for (const [permission, more] of cases) {
  Deno.test(`a process whose stage type declares ${permission} has that besides`, () => {
    assertEquals(flagsOf(jobOf([permission])), { ...flagsOf(jobOf([])), ...more });
  });
}

Deno.test("native code is that of packages; only our own stages may link weights", () => {
  const own = flagsOf(jobOf(["ffi"]));
  assertEquals(own["--allow-ffi"]?.split(",").every((path) => path.endsWith("/npm")), true);
  assertEquals(own["--allow-write"], "/store/work,/tmp/x,/models");
  const stranger = flagsOf(jobOf(["ffi"], { module: others }));
  assertEquals(stranger["--allow-write"], "/store/work,/tmp/x");
});

Deno.test("a stage type that declares all has all", () => {
  assertEquals(workerFlags(jobOf(["net", "all"]), "/tmp/x"), ["-A"]);
});

Deno.test("tasks share a process where they may do the same, and no code of others is in it", () => {
  const kinds = [
    jobOf([]),
    jobOf(["net"]),
    jobOf([], { module: others }),
    jobOf([], { parameters: { loss: [{ module: others, digest: "1" }] } }),
    jobOf([], { parameters: { loss: { module: "file:///work/own/other.ts", digest: "1" } } }),
  ].map(processKind);
  assertEquals(kinds.map((kind) => kinds.indexOf(kind)), [0, 1, 2, 2, 4]);
  assertEquals(processKind(jobOf([], { parameters: { dataset: { module: ours } } })), kinds[0]);
});

Deno.test("a path that Deno would divide at its comma is in no flag", () => {
  const places = { read: ["/work", "/Smith, J"], models: ["/models"], write: ["/store/work"] };
  const { "--allow-read": read } = flagsOf(jobOf([], { places }));
  assertEquals(read, flagsOf(jobOf([]))["--allow-read"]);
});
