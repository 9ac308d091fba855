import { fileURLToPath } from "node:url";
import { needsRelay, relay } from "./relay";

/** The entry of `besom` and of `npx tsx agent`; only this file exits. */
const { stdout, stderr } = process;
// A reader that leaves early (`| head`), or a terminal that was closed, must not end runs under way.
for (const stream of [stdout, stderr]) stream.on("error", () => {});

const words = process.argv.slice(2);
const terminal = {
  env: process.env,
  cwd: process.cwd(),
  out: (text: string) => stdout.write(`${text}\n`),
  err: (text: string) => stderr.write(`${text}\n`),
  color: stderr.isTTY === true && !process.env.NO_COLOR,
};
const code = await run().catch((error: unknown) => {
  stderr.write(
    `besom: this is a bug of ours, please report it:\n${error instanceof Error ? error.stack : error}\n`,
  );
  return 1;
});

// What was written to a pipe may still be on its way.
stdout.write("", () => stderr.write("", () => process.exit(code)));

async function run(): Promise<number> {
  if (needsRelay(words)) return relay(fileURLToPath(import.meta.url), words);
  // Only now: a relay has no use for the rest, and starts in half the time without it.
  const { main } = await import("./main");
  return main(words, terminal);
}
