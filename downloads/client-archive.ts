import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, crc32, deflateRaw, deflateRawSync } from "node:zlib";
import { build } from "esbuild";
import { createTar } from "nanotar";

const ROOT = join(import.meta.dirname, "..");
/** The same bytes for the same sources: npm keeps what it fetched by its hash. */
const EPOCH = 0;

/** What `npx URL/besom-agent.tgz` runs on a machine without the clone. */
export interface Archive {
  readonly bytes: Uint8Array;
  /** SHA-256 in hex. */
  readonly hash: string;
}

/**
 * Makes archives of the client: the command line, and `besom/client` for training programs, each as one module with all it
 * needs, so that nothing is fetched from a registry (0.4 MB; bundling and packing takes a second, once a process). Archives differ in what
 * names the server alone, so that one for a name that a stranger made up costs 5 ms and not another packing.
 * @returns gives the archive for those who reach the server at `origin`: the client asks that server unless told otherwise
 */
export function openClientArchives(): (origin: string) => Promise<Archive> {
  let common: Promise<Part> | undefined;
  /** Of one server there are few names; a stranger who makes up more must not fill memory. */
  const made = new Map<string, Archive>();
  return async (origin) => {
    const known = made.get(origin);
    if (known) return known;
    common ??= packCommon().catch((error) => {
      common = undefined;
      throw error;
    });
    const archive = toGzip([packManifest(origin), await common]);
    if (made.size >= MAX_KEPT) made.clear();
    made.set(origin, archive);
    return archive;
  };
}

const MAX_KEPT = 8;

interface File {
  readonly name: string;
  readonly text: string;
}

async function bundle(): Promise<readonly File[]> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: { besom: "agent/index.ts", client: "client/index.ts" },
    outdir: "/dist",
    bundle: true,
    splitting: true,
    minify: true,
    // A stack trace that somebody sends us shall name functions.
    keepNames: true,
    legalComments: "none",
    format: "esm",
    platform: "node",
    target: "node20.19",
    outExtension: { ".js": ".mjs" },
    // Some packages still `require` Node's own modules.
    banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
    define: { "process.env.NODE_ENV": '"production"' },
    write: false,
    logLevel: "silent",
  });
  return outputFiles.map(({ path, text }) => ({ name: `package${path.replaceAll("\\", "/")}`, text }));
}

/** A piece of the archive, as it stands in a stream of the format deflate. */
interface Part {
  readonly tar: Uint8Array;
  readonly deflated: Uint8Array;
}

/** What is the same for all; ends the stream. */
async function packCommon(): Promise<Part> {
  const tar = toTar([
    { name: "package/client.d.ts", text: readFileSync(join(ROOT, "client/public.d.ts"), "utf8") },
    { name: "package/LICENSE", text: readFileSync(join(ROOT, "LICENSE"), "utf8") },
    ...(await bundle()).map(({ name, text }) =>
      name === "package/dist/besom.mjs" ? { name, text: `#!/usr/bin/env node\n${text}` } : { name, text },
    ),
  ]);
  return { tar, deflated: await promisify(deflateRaw)(tar, { level: 9 }) };
}

/** Comes first, and leaves the stream open. */
function packManifest(origin: string): Part {
  const { version, license, engines } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const manifest = {
    name: "besom",
    version,
    description: `The client of ${origin}`,
    license,
    type: "module",
    engines,
    bin: { besom: "dist/besom.mjs" },
    exports: { "./client": { types: "./client.d.ts", default: "./dist/client.mjs" } },
    besom: { server: origin },
  };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  const blocks = 1 + Math.ceil(Buffer.byteLength(text) / TAR_BLOCK);
  const tar = toTar([{ name: "package/package.json", text }]).subarray(0, blocks * TAR_BLOCK);
  return { tar, deflated: deflateRawSync(tar, { finishFlush: constants.Z_SYNC_FLUSH }) };
}

/** A header, the file, zeros up to a whole block; behind the last file come blocks of zeros. */
const TAR_BLOCK = 512;

const toTar = (files: readonly File[]): Uint8Array =>
  createTar(
    files.map(({ name, text }) => ({
      name,
      data: text,
      attrs: { mode: name.endsWith("besom.mjs") ? "755" : "644" },
    })),
    { attrs: { mtime: EPOCH, uid: 0, gid: 0 } },
  );

/** RFC 1952: deflate, no flags, no time, best compression, made by no system in particular. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff]);

function toGzip(parts: readonly Part[]): Archive {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(parts.reduce((crc, { tar }) => crc32(tar, crc), 0));
  trailer.writeUInt32LE(
    parts.reduce((sum, { tar }) => sum + tar.length, 0),
    4,
  );
  const bytes = Buffer.concat([GZIP_HEADER, ...parts.map(({ deflated }) => deflated), trailer]);
  return { bytes, hash: createHash("sha256").update(bytes).digest("hex") };
}
