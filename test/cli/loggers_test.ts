import { assertEquals } from "@std/assert";
import { eventLine, progressText, summaryLine } from "../../lib/cli/event_text.ts";
import { Remaining } from "../../lib/cli/loggers/remaining.ts";
import { formatDuration, table } from "../../lib/cli/print.ts";
import type { RunEvent } from "../../lib/pipeline/contract/event.ts";
import type { Key } from "../../lib/pipeline/contract/key.ts";

const name = { task: "prompt[seed=1]", stage: "prompt" };
const key = "k" as Key;
const broken = { ok: false, durationMs: 1, message: "it broke" } as const;

const events: readonly [RunEvent, string | undefined][] = [
  [{ type: "task-started", ...name, key, attempt: 1 }, "… prompt[seed=1]"],
  [{ type: "task-started", ...name, key, attempt: 2 }, "… prompt[seed=1] attempt 2"],
  [{ type: "task-resumed", ...name }, "… prompt[seed=1] continues from its checkpoint"],
  [
    { type: "task-waiting", ...name, key },
    "… prompt[seed=1] waits for another run that does the same",
  ],
  [{ type: "task-log", ...name, line: "hello" }, "  prompt[seed=1]: hello"],
  [{ type: "task-finished", ...name, key, durationMs: 1500 }, "✓ prompt[seed=1] 1.5 s"],
  [
    { type: "task-failed", ...name, failure: { ...broken, reason: "crash" } },
    "✗ prompt[seed=1]: its process died: it broke",
  ],
  [
    {
      type: "task-failed",
      ...name,
      failure: {
        ...broken,
        reason: "error",
        diagnostics: [{ code: "x", severity: "error", message: "it broke", notes: ["mend it"] }],
      },
    },
    "✗ prompt[seed=1]: it broke\n    = mend it",
  ],
  [
    { type: "task-failed", ...name, failure: { ...broken, reason: "cancelled" } },
    "- prompt[seed=1] stopped",
  ],
  [
    { type: "task-failed", ...name, failure: { ...broken, reason: "cancelled", saved: true } },
    "- prompt[seed=1] stopped; the state it has saved is kept",
  ],
  [
    { type: "task-failed", ...name, failure: { ...broken, reason: "cancelled", began: false } },
    "- prompt[seed=1] stopped before it began",
  ],
  [
    { type: "task-retrying", ...name, failure: { ...broken, reason: "timeout" }, afterMs: 2000 },
    "! prompt[seed=1]: out of time: it broke; next try in 2.0 s",
  ],
  [{ type: "task-cached", ...name, key }, undefined],
  [{ type: "task-checkpoint", ...name, bytes: 3 }, undefined],
];

Deno.test("eventLine() gives a line for what people want to know", () => {
  for (const [event, line] of events) assertEquals(eventLine(event), line);
});

type Finished = RunEvent & { type: "run-finished" };
const counts = { cached: 0, ran: 0, failed: 0, skipped: 0, durationMs: 12_000 };

const summaries: readonly [Partial<Finished>, string][] = [
  [{ cached: 7, durationMs: 300 }, "Nothing to do: 7 tasks, all cached (0.3 s)"],
  [{ ran: 1 }, "Done: 1 task, 1 ran in 12 s"],
  [{ ran: 2, cached: 1 }, "Done: 3 tasks, 2 ran, 1 cached in 12 s"],
  [
    { outcome: "failed", ran: 1, failed: 1, skipped: 2 },
    "Failed: 4 tasks, 1 ran, 1 failed, 2 not started in 12 s",
  ],
  [
    { outcome: "interrupted", failed: 1, skipped: 2 },
    "Interrupted: 3 tasks, 0 ran, 1 stopped, 2 not started in 12 s. Run the same command again to go on",
  ],
];

Deno.test("summaryLine() says what a run has done, or that there was nothing to do", () => {
  for (const [fields, line] of summaries) {
    const event: Finished = { type: "run-finished", outcome: "done", ...counts, ...fields };
    assertEquals(summaryLine(event), line);
  }
});

Deno.test("progressText() gives rate, time left and metrics once they are known", () => {
  const progress = { done: 120, total: 200, unit: "steps", metrics: { loss: 0.70912, epoch: 2 } };
  assertEquals(
    progressText(progress, { elapsedMs: 2000, firstDone: 20 }),
    "120/200 steps  loss 0.7091  epoch 2  50 steps/s  ETA 1.6 s",
  );
  assertEquals(
    progressText({ done: 0, total: 9, unit: "images" }, { elapsedMs: 0, firstDone: 0 }),
    "0/9 images",
  );
});

const durations: readonly [number, string][] = [
  [0, "0.0 s"],
  [9900, "9.9 s"],
  [59_400, "59 s"],
  [59_600, "1 min 0 s"],
  [3_599_600, "1 h 0 min"],
  [7_500_000, "2 h 5 min"],
];

Deno.test("formatDuration() rounds as people do", () => {
  for (const [ms, text] of durations) assertEquals(formatDuration(ms), text);
});

Deno.test("table() aligns columns", () => {
  assertEquals(table([["a", "long", "x"], ["bbb", "b"]]), "a    long  x\nbbb  b");
});

Deno.test("Remaining tells how long the rest may take, by the mean of each stage so far", () => {
  let at = 0;
  const remaining = new Remaining(() => at);
  const said: string[] = [];
  const tell = (event: RunEvent) => {
    remaining.follow(event);
    said.push(remaining.text());
  };
  const of = (stage: string, nth: number) => ({ task: `${stage}[${nth}]`, stage, key });

  const stages = { data: 1, prompt: 4, report: 1 };
  tell({ type: "run-started", version: 1, pipeline: "p", tasks: 6, stages, jobs: 2 });
  tell({ type: "task-cached", ...of("data", 0) });
  tell({ type: "task-started", ...of("prompt", 0), attempt: 1 });
  tell({ type: "task-started", ...of("prompt", 1), attempt: 1 });
  at = 10_000;
  tell({ type: "task-finished", ...of("prompt", 0), durationMs: 10_000 });
  at = 12_000;
  tell({ type: "task-finished", ...of("prompt", 1), durationMs: 12_000 });
  tell({ type: "task-finished", ...of("report", 0), durationMs: 500 });
  tell({ type: "task-failed", ...of("prompt", 2), failure: { ...broken, reason: "error" } });
  tell({ type: "task-skipped", ...of("prompt", 3), reason: "ending" });
  assertEquals(said, [
    "0/6 tasks",
    "1/6 tasks",
    "1/6 tasks",
    "1/6 tasks",
    "2/6 tasks, at least 10 s left",
    "3/6 tasks, at least 11 s left",
    "4/6 tasks, about 11 s left",
    "5/6 tasks, about 5.5 s left",
    "6/6 tasks",
  ]);
});

Deno.test("Remaining tells no time where most of what is left is of stages that have not run", () => {
  const remaining = new Remaining(() => 0);
  const stages = { data: 2, prompt: 4 };
  remaining.follow({ type: "run-started", version: 1, pipeline: "p", tasks: 6, stages, jobs: 1 });
  const of = (nth: number) => ({ task: `data[${nth}]`, stage: "data", key });
  remaining.follow({ type: "task-finished", ...of(0), durationMs: 10 });
  assertEquals(remaining.text(), "1/6 tasks");
});
