import { assertEquals } from "@std/assert";
import { printDoctorReport } from "../../lib/runtime/doctor.ts";

Deno.test("printDoctorReport() says what works, what is missing and what to do", () => {
  const text = printDoctorReport({
    ...{ os: "linux", arch: "x86_64", processors: 2, deno: "2.9.6", binding: "/b" },
    onnxruntime: "1.30.0",
    automatic: "cpu",
    devices: [
      { device: "cpu", works: true, requirements: [], advice: [] },
      {
        device: "cuda",
        works: false,
        cause: "Cannot use provider",
        requirements: [
          { name: "libcuda.so.1", what: "the NVIDIA driver", found: false, needed: true },
          { name: "libcudart", what: "CUDA", found: true, needed: true, version: "CUDA 13.0" },
          { name: "libcufft", what: "cuFFT", found: false, needed: false, later: "transforms" },
        ],
        advice: ["Install a driver"],
      },
    ],
  });
  assertEquals(
    text,
    `Deno 2.9.6 on linux x86_64, 2 processors
ONNX Runtime 1.30.0, its binding: /b
--provider auto takes: cpu
cpu: works
cuda: does not work
  Cannot use provider
  not found  libcuda.so.1  (the NVIDIA driver)
  found      libcudart  (CUDA 13.0)
  not found  libcufft  (cuFFT, for transforms)
  to do: Install a driver
`,
  );
});
