import { assertEquals, assertStringIncludes } from "@std/assert";
import type { DoctorReport } from "../../lib/runtime/doctor.ts";
import { inFolder, tvp } from "./workplace.ts";

Deno.test("tvp doctor --require fails where the device does not work", () =>
  inFolder(async (folder) => {
    const { out, err } = await tvp(folder, "doctor", "--json");
    const { devices, onnxruntime }: DoctorReport = JSON.parse(out);
    // Native code prints what it misses; a device that lacks something needed is not tried.
    const isQuiet = devices.every(({ works, requirements }) =>
      works || requirements.some(({ found, needed }) => needed && !found)
    );
    if (isQuiet) assertEquals(err, "");
    assertEquals(/^\d+\.\d+\.\d+$/.test(onnxruntime), true);
    for (
      const { device, works, cause, advice } of devices.filter(({ device }) => device !== "cpu")
    ) {
      const { code, err } = await tvp(folder, "doctor", "--require", device);
      assertEquals(code, works ? 0 : 1, device);
      if (works) continue;
      if (isQuiet) assertEquals(err.startsWith("error: "), true, err);
      assertStringIncludes(err, `error: ${cause}\n`);
      for (const line of advice) assertStringIncludes(err, `  = ${line}\n`);
    }
  }));
