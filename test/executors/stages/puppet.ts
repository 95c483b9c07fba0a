import { z } from "zod";
import { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import { defineStage, type StageContext } from "../../../lib/pipeline/contract/stage.ts";

type Act = (context: StageContext) => void | Promise<void>;

/** Resolves never; a timer keeps the process alive. */
function hang(): Promise<void> {
  setInterval(() => {}, 1000);
  return new Promise(() => {});
}

function aborted({ signal }: StageContext): Promise<unknown> {
  return new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

function write(context: StageContext, text: string): void {
  Deno.writeTextFileSync(context.output("value"), text);
}

/** What looks like messages, and is none. */
export const records = [
  "\x1e",
  "\x1e{",
  "\x1enull",
  "\x1e[]",
  '\x1e{"type":"event"}',
  '\x1e{"type":"event","event":{"type":"log"}}',
  '\x1e{"type":"event","event":{"type":"toString"}}',
  '\x1e{"type":"event","event":{"type":"progress","progress":{}}}',
  '\x1e{"type":"result"}',
  '\x1e{"type":"result","result":{}}',
  '\x1e{"type":"result","result":{"ok":false,"durationMs":1}}',
  '\x1e{"type":"constructor","constructor":{}}',
  "a\x1eb\x1ec",
];

const ACTS = {
  write: (context) => write(context, "hello"),
  pid: (context) => write(context, `${Deno.pid}`),
  environment: (context) => write(context, Deno.env.get("TVP_TEST") ?? "unset"),
  throw: () => {
    throw new TypeError("Cannot add a cat to a dog");
  },
  diagnose: () => {
    throw new DiagnosticError([{
      code: "no-cat",
      severity: "error",
      message: "Cannot find a cat",
    }]);
  },
  full: () => Deno.writeTextFileSync("/dev/full", "x"),
  undeclared: (context) => write({ ...context, output: () => context.output("other") }, ""),
  print: (context) => {
    console.log("to standard output");
    console.error("to standard error");
    Deno.stdout.writeSync(new TextEncoder().encode("without an end"));
    context.log("to the log");
  },
  print_records: () => {
    for (const line of records) console.log(line);
    for (const line of records) console.error(line);
    Deno.stdout.writeSync(new TextEncoder().encode("\x1e{"));
  },
  count: (context) => {
    for (let done = 1; done <= 1000; done += 1) {
      context.progress({ done, total: 1000, unit: "steps" });
    }
  },
  native_abort: (context) => {
    context.log("about to fall");
    Deno.kill(Deno.pid, "SIGABRT");
  },
  compute: (context) => {
    context.ranOn({ provider: "webgpu", versions: { onnxruntime: "1.2.3" } });
    context.ranOn({ provider: "cpu", versions: { onnxruntime: "1.2.3" } });
    context.ranOn({ provider: "cpu", versions: { onnxruntime: "1.2.3" } });
    for (const images of [4, 2, 2]) context.ranOn({ plan: `${images} of 4 images at once` });
    write(context, "computed");
  },
  exit: () => Deno.exit(7),
  reject_later: async () => {
    void Promise.reject(new RangeError("nobody caught this"));
    await hang();
  },
  interrupt_self: async (context) => {
    Deno.kill(Deno.pid, "SIGINT");
    Deno.kill(Deno.pid, "SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 0));
    write(context, "survived");
  },
  resume: async (context) => {
    const state = await context.checkpoint.load();
    if (state !== undefined) return write(context, new TextDecoder().decode(state));
    context.log("ready");
    await aborted(context);
    if (context.checkpoint.due()) {
      await context.checkpoint.save(new TextEncoder().encode("saved state"));
    }
    throw context.signal.reason;
  },
  ignore_abort: async (context) => {
    context.log("ready");
    await hang();
  },
} satisfies Record<string, Act>;

export type ActName = keyof typeof ACTS;

export default defineStage({
  name: "puppet",
  description: "Does what a test asks for.",
  with: z.strictObject({ act: z.string() }),
  outputs: { value: "text" },
  run: async ({ act }, context) => await ACTS[act as ActName](context),
});
