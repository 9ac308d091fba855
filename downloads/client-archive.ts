import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { createTarGzip } from "nanotar";

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
 * needs, so that nothing is fetched from a registry (0.4 MB; bundling takes 0.3 s, once a process).
 * @returns gives the archive for those who reach the server at `origin`: the client asks that server unless told otherwise
 */
export function openClientArchives(): (origin: string) => Promise<Archive> {
  let files: Promise<readonly File[]> | undefined;
  /** Of one server there are few names; a stranger who makes up more must not fill memory. */
  const made = new Map<string, Promise<Archive>>();
  return (origin) => {
    const known = made.get(origin);
    if (known) return known;
    files ??= bundle();
    const archive = files.then((bundled) => pack(bundled, origin));
    const forget = () => {
      files = undefined;
      made.delete(origin);
    };
    archive.catch(forget);
    if (made.size >= 8) made.clear();
    made.set(origin, archive);
    return archive;
  };
}

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

async function pack(bundled: readonly File[], origin: string): Promise<Archive> {
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
  const files = [
    { name: "package/package.json", text: `${JSON.stringify(manifest, null, 2)}\n` },
    { name: "package/client.d.ts", text: readFileSync(join(ROOT, "client/public.d.ts"), "utf8") },
    { name: "package/LICENSE", text: readFileSync(join(ROOT, "LICENSE"), "utf8") },
    ...bundled.map(({ name, text }) =>
      name === "package/dist/besom.mjs" ? { name, text: `#!/usr/bin/env node\n${text}` } : { name, text },
    ),
  ];
  const bytes = await createTarGzip(
    files.map(({ name, text }) => ({
      name,
      data: text,
      attrs: { mode: name.endsWith("besom.mjs") ? "755" : "644" },
    })),
    { attrs: { mtime: EPOCH, uid: 0, gid: 0 } },
  );
  return { bytes, hash: createHash("sha256").update(bytes).digest("hex") };
}
