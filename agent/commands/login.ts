import { spawn } from "node:child_process";
import { hostname, userInfo } from "node:os";
import type { Command } from "commander";
import { openClient } from "@/client/client";
import {
  findCredentials,
  isProfileName,
  nameProfile,
  readSaved,
  type Saved,
  saveCredentials,
  unknownProfile,
} from "@/client/credentials";
import { awaitDeviceLogin, startDeviceLogin } from "@/client/device-login";
import { AppError } from "@/core/errors";
import { isApiKey } from "@/core/ids";
import { CheckKey } from "@/graphql/operations";
import { readSecret } from "../secret";
import { toTable } from "../table";
import type { Terminal } from "./context";

interface Flags {
  key?: string;
  browser: boolean;
  list?: boolean;
  use?: string;
  json?: boolean;
}

export function addLogin(program: Command, terminal: Terminal): void {
  program
    .command("login [url]")
    .description("sign in to a server, and keep its address and a key on this machine (mode 600)")
    .option("-k, --key <->", "with - the key is read from standard input, or asked for without showing it")
    .option("--no-browser", "don't try to open one; the address is printed in any case")
    .option("--list", "show the profiles that are kept")
    .option("--use <name>", "ask this profile's server when nothing else is said")
    .option("--json", "with --list: print JSON")
    .action((url: string | undefined, flags: Flags) => {
      if (flags.list) return list(terminal, flags.json === true);
      if (flags.use !== undefined) return use(terminal, flags.use);
      return login(terminal, url, flags);
    });
  program
    .command("logout")
    .description("forget a profile's key; without --profile the default one's")
    .action(() => logout(terminal));
}

async function login(terminal: Terminal, asked: string | undefined, flags: Flags): Promise<void> {
  const { BESOM_PROFILE: wanted, ...rest } = terminal.env;
  const named = wanted?.trim() || undefined;
  if (named !== undefined && !isProfileName(named))
    throw new AppError(
      "BAD_USAGE",
      `${JSON.stringify(named)} is no profile's name: expected letters, digits, dot, hyphen and underscore, at most 64`,
    );
  const saved = readSaved(terminal.env);
  const url = asked ?? (named && saved.profiles[named]?.url) ?? findCredentials(rest).url;
  const key =
    flags.key === undefined
      ? await askBrowser(terminal, url, flags.browser)
      : await readKey(terminal, url, flags.key);
  const user = await checkKey(url, key);
  // Read again: minutes may have passed, and another login may have been kept meanwhile.
  const now = readSaved(terminal.env);
  const profile = named ?? nameProfile(url, now);
  const path = saveCredentials(
    { default: profile, profiles: { ...now.profiles, [profile]: { url, key, user } } },
    terminal.env,
  );
  terminal.err(`logged in to ${url} as ${user}; the key is kept in ${path} (profile ${profile})`);
}

/** Prints where to say yes, opens it where there is a screen, and waits. */
async function askBrowser(terminal: Terminal, url: string, browser: boolean): Promise<string> {
  const device = await startDeviceLogin(url, toLabel());
  terminal.err(
    [
      "To let this terminal in, open",
      `  ${device.url}`,
      `and compare the code: ${device.userCode}`,
      "Waiting ... (Ctrl-C to give up; `npx besom login --key -` takes a key instead)",
    ].join("\n"),
  );
  if (browser) openBrowser(device.url, terminal.env);
  return awaitDeviceLogin(url, device);
}

/** What the person in the browser sees of this machine. */
function toLabel(): string {
  const { username } = userInfo();
  return `${username}@${hostname()}`.slice(0, 100);
}

/** Only where somebody sits in front of a screen; a browser that does not come costs nothing, the address is printed. */
function openBrowser(url: string, env: Terminal["env"]): void {
  const opener = toOpener(env);
  if (!opener) return;
  const [command, ...words] = opener;
  const child = spawn(command, [...words, url], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}

function toOpener(env: Terminal["env"]): [string, ...string[]] | undefined {
  if (env.SSH_CONNECTION && !env.DISPLAY && !env.WAYLAND_DISPLAY) return undefined;
  if (process.platform === "darwin") return ["open"];
  if (process.platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ["xdg-open"] : undefined;
}

async function readKey(terminal: Terminal, url: string, source: string): Promise<string> {
  if (source !== "-")
    throw new AppError(
      "BAD_USAGE",
      "a key on the command line can be read by everybody on this machine, in the list of processes: write --key - and paste it, or pipe it in",
    );
  const key = (await (terminal.readSecret ?? readSecret)(`Key for ${url} (not shown): `)).trim();
  if (isApiKey(key)) return key;
  throw new AppError(
    "BAD_USAGE",
    "that is no key: expected besom- and 43 letters and digits, as in credentials.json in the server's data folder, or as the page of API keys shows it",
  );
}

/** A key that doesn't work is not kept. */
async function checkKey(url: string, key: string): Promise<string> {
  const client = openClient({ url, key });
  try {
    const { viewer } = await client.query(CheckKey, {});
    if (viewer) return viewer.name;
    throw new AppError(
      "UNAUTHENTICATED",
      `the key is a run's own; \`npx besom login ${url}\` makes one of yours`,
    );
  } finally {
    await client.close();
  }
}

function list(terminal: Terminal, json: boolean): void {
  const saved = readSaved(terminal.env);
  const rows = Object.entries(saved.profiles).map(([profile, { url, user }]) => ({
    profile,
    url,
    user: user ?? "",
    default: profile === saved.default,
  }));
  if (json) terminal.out(JSON.stringify(rows));
  else if (rows.length === 0) terminal.err("no profile is kept; `npx besom login URL` makes one");
  else
    terminal.out(
      toTable(
        ["PROFILE", "SERVER", "USER", "DEFAULT"],
        rows.map((row) => [row.profile, row.url, row.user, row.default ? "yes" : ""]),
      ),
    );
}

function use(terminal: Terminal, name: string): void {
  const saved = requireKnown(terminal, name);
  saveCredentials({ ...saved, default: name }, terminal.env);
  terminal.err(`${saved.profiles[name]?.url} is asked by default now (profile ${name})`);
}

function logout(terminal: Terminal): void {
  const name = terminal.env.BESOM_PROFILE?.trim() || readSaved(terminal.env).default;
  if (name === undefined)
    throw new AppError(
      "BAD_USAGE",
      "there is no default profile; name one by --profile (see besom login --list)",
    );
  const { profiles, ...saved } = requireKnown(terminal, name);
  const { [name]: gone, ...left } = profiles;
  saveCredentials(
    {
      profiles: left,
      ...(saved.default !== undefined && saved.default !== name && { default: saved.default }),
    },
    terminal.env,
  );
  terminal.err(
    `the key of profile ${name} is forgotten here; it works until it is revoked at ${gone?.url.replace(/\/+$/, "")}/settings/keys`,
  );
}

function requireKnown(terminal: Terminal, name: string): Saved {
  const saved = readSaved(terminal.env);
  if (Object.hasOwn(saved.profiles, name)) return saved;
  throw new AppError("BAD_USAGE", unknownProfile(name, saved));
}
