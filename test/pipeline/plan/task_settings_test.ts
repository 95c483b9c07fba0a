import { assertEquals } from "@std/assert";
import { runRules } from "../../../lib/pipeline/plan/task_settings.ts";
import command from "../../../stages/command.ts";

Deno.test("runRules() takes the cores of the stage, the defaults, the stage type, or two", () => {
  const cores = (...settings: Parameters<typeof runRules>) => runRules(...settings).resources.cpu;
  const [four, three] = [{ resources: { cpu: 4 } }, { resources: { cpu: 3 } }];
  assertEquals(cores(four, three, command.cpu), 4);
  assertEquals(cores({}, three, command.cpu), 3);
  assertEquals(cores({}, {}, command.cpu), 1);
  assertEquals(cores({}), 2);
});
