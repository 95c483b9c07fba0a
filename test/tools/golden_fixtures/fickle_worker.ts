/** A worker that does what the name of a case says: answers, dies, or never answers. */
import { answerMark } from "../golden/worker.ts";

const decoder = new TextDecoder();
for await (const chunk of Deno.stdin.readable) {
  const { name } = JSON.parse(decoder.decode(chunk));
  if (name === "dies") Deno.kill(Deno.pid, "SIGKILL");
  if (name === "hangs") await new Promise((resolve) => setTimeout(resolve, 1e6));
  const answer = JSON.stringify({ ok: true, forward: 0, grad: Deno.pid });
  await Deno.stdout.write(new TextEncoder().encode(`noise\n${answerMark}${answer}\n`));
}
