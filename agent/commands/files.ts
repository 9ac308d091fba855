import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { findCredentials } from "@/client/credentials";
import { AppError } from "@/core/errors";
import { isFileName } from "@/core/file-name";
import { type DownloadedFile, ListRunFiles } from "@/graphql/operations";
import { toTable } from "../table";
import { type Terminal, withClient } from "./context";
import { readPages } from "./pages";

interface Flags {
  prefix: string;
  download?: string;
  json?: boolean;
}

/** What one page lists is fetched before the next one is asked for: their addresses end after an hour or two. */
const AT_ONCE = 4;

export function addFiles(program: Command, terminal: Terminal): void {
  program
    .command("files <run>")
    .description("list the files of a run, or download them")
    .option("--prefix <name>", "only those whose names begin so, such as media/", "")
    .option("-d, --download <folder>", "write them there; what is there already is not fetched again")
    .option("--json", "print JSON")
    .action((run: string, flags: Flags) => runFiles(terminal, run, flags));
}

async function runFiles(terminal: Terminal, asked: string, { prefix, download, json }: Flags): Promise<void> {
  const run = toRun(asked);
  const files: DownloadedFile[] = [];
  const done = { written: 0, there: 0, bytes: 0 };
  const folder = download === undefined ? undefined : resolve(terminal.cwd, download);
  await withClient(terminal, (client) => {
    const addressOf = async ({ name }: DownloadedFile) => {
      const { run: found } = await client.query(ListRunFiles, {
        ...run,
        prefix: name,
        first: 1,
        after: null,
      });
      return found?.files.nodes.find((file) => file.name === name)?.url;
    };
    return readPages(
      Number.POSITIVE_INFINITY,
      async (first, after) => {
        const { run: found } = await client.query(ListRunFiles, { ...run, prefix, first, after });
        if (!found)
          throw new AppError("NOT_FOUND", `the server knows no run ${asked} (or this key may not see it)`);
        const { nodes } = found.files;
        if (folder !== undefined) await fetchAll(terminal, nodes, { folder, done, addressOf });
        return { owner: found, page: found.files };
      },
      (file) => files.push(file),
    );
  });
  if (json) terminal.out(JSON.stringify(files.map(({ url: _, ...file }) => file)));
  else if (folder === undefined)
    terminal.out(
      toTable(
        ["FILE", "BYTES", "CHANGED"],
        files.map((file) => [file.name, String(file.size), file.updatedAt]),
      ),
    );
  if (folder !== undefined)
    terminal.err(
      `${done.written} of ${files.length} files written to ${download} (${done.bytes} bytes)${done.there > 0 ? `, ${done.there} were there` : ""}`,
    );
}

/** `entity/project/run`, `project/run` of one's own, a run's number, or its page's address. @throws AppError BAD_USAGE */
function toRun(asked: string) {
  const nothing = { id: null, entity: null, project: null, name: null };
  if (/^\d+$/.test(asked)) return { ...nothing, id: asked };
  const path = URL.canParse(asked) ? new URL(asked).pathname.replace("/runs/", "/") : asked;
  const parts = path.replace(/^\/|\/$/g, "").split("/");
  const [name, project, entity = null] = parts.map(decode).reverse();
  if (parts.length < 2 || parts.length > 3 || !name || !project)
    throw new AppError(
      "BAD_USAGE",
      `${JSON.stringify(asked)} is no run: expected entity/project/run, its number, or the address of its page`,
    );
  return { ...nothing, entity, project, name };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function fetchAll(
  terminal: Terminal,
  files: readonly DownloadedFile[],
  {
    folder,
    done,
    addressOf,
  }: {
    folder: string;
    done: { written: number; there: number; bytes: number };
    addressOf: (file: DownloadedFile) => Promise<string | undefined>;
  },
): Promise<void> {
  const queue = [...files];
  const work = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      // The server takes no such name; this keeps what it says from leaving the folder all the same.
      if (!isFileName(file.name))
        throw new AppError("INTERNAL", `${JSON.stringify(file.name)} can't be a file below ${folder}`);
      const path = join(folder, file.name);
      if (await isThere(path, file)) {
        done.there++;
        continue;
      }
      await fetchOne(terminal, file, path, addressOf);
      done.written++;
      done.bytes += file.size;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** The whole file or none: bytes go beside it first, and are compared with what the server has. */
async function fetchOne(
  terminal: Terminal,
  file: DownloadedFile,
  path: string,
  addressOf: (file: DownloadedFile) => Promise<string | undefined>,
): Promise<void> {
  const aside = `${path}.besom-part`;
  let response = await get(terminal, file, file.url);
  if (response.status === 403) {
    // Those before it took longer than its address was good for.
    await response.body?.cancel();
    response = await get(terminal, file, (await addressOf(file)) ?? file.url);
  }
  if (!response.ok || !response.body)
    throw new AppError(
      response.status === 404 ? "NOT_FOUND" : "SERVER_UNREACHABLE",
      `${file.name}: the server answered ${response.status}`,
    );
  try {
    await mkdir(dirname(path), { recursive: true });
    await pipeline(
      Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]),
      createWriteStream(aside),
    );
    if (file.md5 !== null && (await md5Of(aside)) !== file.md5)
      throw new AppError("UNAVAILABLE", `${file.name} changed while it was fetched: ask for it again`);
    await rename(aside, path);
  } catch (cause) {
    await rm(aside, { force: true });
    if (cause instanceof AppError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("BAD_USAGE", `${path} can't be written: ${why}`, { cause });
  }
}

/** By the address that this machine reaches the server by, which need not be the one that people do. */
async function get({ env }: Terminal, { name }: DownloadedFile, url: string): Promise<Response> {
  const { pathname, search } = new URL(url);
  const address = new URL(pathname + search, findCredentials(env).url);
  try {
    return await fetch(address);
  } catch (cause) {
    throw new AppError("SERVER_UNREACHABLE", `${name} could not be fetched from ${address.origin}`, {
      cause,
    });
  }
}

async function isThere(path: string, { size, md5 }: DownloadedFile): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true && found.size === size && md5 !== null && (await md5Of(path)) === md5;
}

async function md5Of(path: string): Promise<string> {
  const sum = createHash("md5");
  for await (const chunk of createReadStream(path)) sum.update(chunk as Uint8Array);
  return sum.digest("hex");
}
