/**
 * Lists what `deno publish` would publish, and fails if it is too large or is not for users.
 *
 * @module
 */

/**
 * Most bytes of the archive that is uploaded, gzipped: 2 MB. The files themselves are source text of
 * about 3 MB, all of it the library, the command line and the stages that it runs.
 */
const maxArchiveBytes = 2_000_000;

/** What users of the library and the command line need. */
const published = /^(?:lib|stages|datasets)\/|^(?:deno\.json|LICENSE|[A-Z]+\.md)$/;

/** Paths that the output of `deno publish --dry-run` lists, relative to the project. */
export function listedFiles(output: string, root: string): string[] {
  // deno-lint-ignore no-control-regex -- colours
  const plain = output.replace(/\x1b\[\d+(?:;\d+)*m/g, "");
  return [...plain.matchAll(/^\s*(file:\S+) \([\d.]+[KM]?B\)$/gm)]
    .map(([, url]) => decodeURI(url!.slice(root.length)));
}

/** Listed files that nobody who uses the package needs. */
export function strangers(files: readonly string[]): string[] {
  return files.filter((file) => !published.test(file));
}

async function gzippedBytes(files: readonly string[], root: URL): Promise<number> {
  const contents = await Promise.all(files.map((file) => Deno.readFile(new URL(file, root))));
  const stream = new Blob(contents).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

if (import.meta.main) {
  const root = new URL("../../", import.meta.url);
  const dryRun = new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty"],
    cwd: root,
  });
  const { success, stderr } = await dryRun.output();
  const output = new TextDecoder().decode(stderr);
  const files = listedFiles(output, root.href);
  if (!success || files.length === 0) {
    console.error(output);
    Deno.exit(1);
  }
  const bytes = await gzippedBytes(files, root);
  const megabytes = (n: number) => `${(n / 1e6).toFixed(2)} MB`;
  console.log(
    `${files.length} files, ${megabytes(bytes)} gzipped, at most ${megabytes(maxArchiveBytes)}`,
  );
  for (const file of strangers(files)) console.error(`Cannot publish "${file}": no user needs it`);
  Deno.exit(bytes > maxArchiveBytes || strangers(files).length > 0 ? 1 : 0);
}
