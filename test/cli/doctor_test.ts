import { assertEquals, assertStringIncludes } from "@std/assert";
import type { DoctorReport } from "../../lib/runtime/doctor.ts";
import { inFolder, tvp } from "./workplace.ts";

Deno.test("tvp doctor --require fails where the device does not work", () =>
  inFolder(async (folder) => {
    const { out } = await tvp(folder, "doctor", "--json");
    const { devices, onnxruntime }: DoctorReport = JSON.parse(out);
    assertEquals(/^\d+\.\d+\.\d+$/.test(onnxruntime), true);
    for (
      const { device, works, cause, advice } of devices.filter(({ device }) => device !== "cpu")
    ) {
      const { code, err } = await tvp(folder, "doctor", "--require", device);
      assertEquals(code, works ? 0 : 1, device);
      if (works) continue;
      assertStringIncludes(err, `error: ${cause}\n`);
      for (const line of advice) assertStringIncludes(err, `  = ${line}\n`);
    }
  }));
