import { assertEquals } from "@std/assert";
import { writeWorkFolder } from "./every_command.ts";
import { inFolder, tvp } from "./workplace.ts";

/** Commands with a named pipe in place of a file, and what they say. */
const cases: readonly (readonly [args: string, message: string])[] = [
  ["prompt show pipe", 'error: Cannot use prompt "pipe": it is a named pipe\n'],
  [
    "prompt apply d.safetensors pipe -o o.png",
    'error: Cannot use image "pipe": it is a named pipe\n',
  ],
  ["ask ./m pipe what", 'error: Cannot use image "pipe": it is a named pipe\n'],
  ["ask ./m p.png what --prompt pipe", 'error: Cannot use prompt "pipe": it is a named pipe\n'],
  [
    "grad m/onnx/vision_encoder.onnx --cotangent image_features --wrt pixel_values --check --feed pixel_values=pipe",
    'error: Cannot read "pipe": it is a named pipe\n',
  ],
  ["prompt apply d.safetensors . -o o.png", 'error: Cannot use image ".": it is a folder\n'],
];

Deno.test("no command waits for a named pipe that is given to it as a file", () =>
  inFolder(async (folder) => {
    await writeWorkFolder(folder);
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    for (const [args, message] of cases) {
      const { code, err } = await tvp(folder, ...args.split(" "));
      assertEquals([code, err], [2, message], args);
    }
  }));
