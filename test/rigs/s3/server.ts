/**
 * Runs an S3 server of the package registry on a free port, which it prints. Arguments: the
 * package, a folder for the data. The package is an argument so that it stays out of the project's
 * lock file; the one beside this file pins it.
 * @module
 */
interface Server {
  run(): Promise<{ readonly port: number }>;
}

type ServerClass = new (options: Readonly<Record<string, unknown>>) => Server;

const [specifier = "", directory = ""] = Deno.args;
const { default: S3rver } = await import(specifier) as { readonly default: ServerClass };
const server = new S3rver({
  address: "127.0.0.1",
  port: 0,
  silent: true,
  directory,
  configureBuckets: [{ name: "bucket", configs: [] }],
});
console.log((await server.run()).port);
