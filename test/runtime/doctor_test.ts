import { assertEquals } from "@std/assert";
import { printDoctorReport } from "../../lib/runtime/doctor.ts";

Deno.test("printDoctorReport() says what works, what is missing and what to do", () => {
  const text = printDoctorReport({
    ...{ os: "linux", arch: "x86_64", processors: 2, deno: "2.9.6", binding: "/b" },
    automatic: "cpu",
    devices: [
      { device: "cpu", works: true, requirements: [], advice: [] },
      {
        device: "cuda",
        works: false,
        cause: "Cannot use provider",
        requirements: [{ name: "libcuda.so.1", found: false }, { name: "libcudart", found: true }],
        advice: ["Install a driver"],
      },
    ],
  });
  assertEquals(
    text,
    `Deno 2.9.6 on linux x86_64, 2 processors
ONNX Runtime's binding: /b
--provider auto takes: cpu
cpu: works
cuda: does not work
  Cannot use provider
  not found  libcuda.so.1
  found      libcudart
  Install a driver
`,
  );
});
