/** Checks that this machine has the device that models are to run on. @module */
import { loadLater } from "./load_later.ts";
import type { Job } from "../pipeline/contract/job.ts";

/** A device to run models on; `auto` takes the best that there is. */
export type Provider = Job["provider"];

/** Makes sure of a device before anything runs. @throws {DiagnosticError} that names what is missing. */
export async function checkProvider(provider: Provider): Promise<void> {
  if (provider !== "auto" && provider !== "cpu") await providerOfMachine(provider);
}

/** The device that is taken here. @throws {DiagnosticError} that names what is missing. */
export async function providerOfMachine(provider: Provider): Promise<Provider> {
  const { resolveProvider } = await loadLater<typeof import("../runtime/session.ts")>(
    new URL("../runtime/session.ts", import.meta.url),
  );
  return await resolveProvider(provider);
}
