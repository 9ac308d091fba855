import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Command } from "commander";
import { openClient } from "@/client/client";
import { findCredentials, saveCredentials } from "@/client/credentials";
import { AppError } from "@/core/errors";
import { isApiKey } from "@/core/ids";
import { CheckKey } from "@/graphql/operations";
import type { Terminal } from "./context";

export function addLogin(program: Command, terminal: Terminal): void {
  program
    .command("login [url]")
    .description("keep a server's address and your key on this machine (mode 600)")
    .option(
      "-k, --key <key>",
      "the key, which others on this machine can see in the process list; without it, it is read from standard input",
    )
    .action((url: string | undefined, flags: { key?: string }) => login(terminal, url, flags.key));
}

async function login(
  terminal: Terminal,
  asked: string | undefined,
  given: string | undefined,
): Promise<void> {
  const url = asked ?? findCredentials(terminal.env).url;
  const key = (given ?? (await readKey(url))).trim();
  if (!isApiKey(key))
    throw new AppError(
      "BAD_USAGE",
      "that is no key: expected besom- and 43 letters and digits, as in credentials.json in the server's data folder, or as the API's createApiKey gives it",
    );
  const client = openClient({ url, key });
  try {
    // A key that doesn't work is not kept.
    const { viewer } = await client.query(CheckKey, {});
    if (!viewer)
      throw new AppError(
        "UNAUTHENTICATED",
        `the server at ${url} doesn't know this key; the server's own is in credentials.json in its data folder, and the API's createApiKey makes new ones`,
      );
    const path = saveCredentials(url, key, terminal.env);
    terminal.err(`logged in to ${url} as ${viewer.name}; the key is kept in ${path}`);
  } finally {
    await client.close();
  }
}

/** From a pipe the first line; from a person without showing it. */
async function readKey(url: string): Promise<string> {
  const { stdin, stderr } = process;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  if (stdin.isTTY) stderr.write(`Key for ${url} (not shown): `);
  const lines = createInterface({ input: stdin, output: silent, terminal: stdin.isTTY === true });
  try {
    for await (const line of lines) return line;
    return "";
  } finally {
    lines.close();
    if (stdin.isTTY) stderr.write("\n");
  }
}
