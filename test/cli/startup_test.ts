import { assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url);

interface ModuleGraph {
  readonly redirects?: Readonly<Record<string, string>>;
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly isDynamic?: boolean;
      readonly code?: { readonly specifier?: string };
    }[];
  }[];
}

/** All that importing a module loads before anything of it runs. */
async function loadedWith(path: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", new URL(path, root).href],
    cwd: root,
    stderr: "null",
  }).output();
  const graph = JSON.parse(new TextDecoder().decode(stdout)) as ModuleGraph;
  const modules = new Map(graph.modules.map((module) => [module.specifier, module]));
  const seen = new Set<string>();
  const open = [new URL(path, root).href];
  for (let specifier = open.pop(); specifier !== undefined; specifier = open.pop()) {
    const actual = graph.redirects?.[specifier] ?? specifier;
    if (seen.has(actual)) continue;
    seen.add(actual);
    for (const dependency of modules.get(actual)?.dependencies ?? []) {
      if (!dependency.isDynamic && dependency.code?.specifier) open.push(dependency.code.specifier);
    }
  }
  return [...seen];
}

async function packagesOf(path: string): Promise<string[]> {
  const packages = (await loadedWith(path)).filter((specifier) => specifier.startsWith("npm:"))
    .map((specifier) => /^npm:\/?((@[^/]+\/)?[^@/]+)/.exec(specifier)![1]!);
  return [...new Set(packages)].sort();
}

const stages = [...Deno.readDirSync(new URL("stages/", root))].map(({ name }) => `stages/${name}`);
const light = new Set(["@noble/hashes", "deno-std", "js-yaml", "zod"]);

for (const path of ["lib/cli/main.ts", "lib/cli/commands/run.ts", ...stages.sort()]) {
  Deno.test(`${path} loads no heavy package on its way in`, async () => {
    assertEquals((await packagesOf(path)).filter((name) => !light.has(name)), []);
  });
}

// Deno loads a good part of what it has of Node at the first import of any of it, which would be a
// fifth of the time of a run that finds everything cached.
for (const command of ["run", "plan", "status", "graph", "why", "logs"]) {
  Deno.test(`tvp ${command} loads nothing of Node on its way in`, async () => {
    const loaded = await loadedWith(`lib/cli/commands/${command}.ts`);
    assertEquals(loaded.filter((specifier) => specifier.startsWith("node:")), []);
  });

  Deno.test(`tvp ${command} loads nothing of ONNX graphs on its way in`, async () => {
    const loaded = await loadedWith(`lib/cli/commands/${command}.ts`);
    const ours = loaded.map((specifier) => specifier.replace(root.href, ""));
    assertEquals(ours.filter((path) => /^lib\/(?:onnx|autodiff|tensor)\//.test(path)), []);
  });

  Deno.test(`tvp ${command} loads nothing on its way in that tells what unreadable files are`, async () => {
    const loaded = await loadedWith(`lib/cli/commands/${command}.ts`);
    const ours = loaded.map((specifier) => specifier.replace(root.href, ""));
    const kinds = ["lib/data/file_kind.ts", "lib/vision/image_formats.ts"];
    assertEquals(ours.filter((path) => kinds.includes(path)), []);
  });
}
