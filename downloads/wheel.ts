import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Zippable, zipSync } from "fflate";

const PYTHON = join(import.meta.dirname, "../python");
/** The first moment that a zip can tell; the same sources give the same bytes. */
const EPOCH = new Date(1980, 0, 1);

export interface Wheel {
  /** `besom-0.1.0-py3-none-any.whl`: pip reads name, version and platform from it. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** SHA-256 in hex. */
  readonly hash: string;
}

/**
 * The Python package as a wheel (PEP 427), which is a zip of its files and of four lists about them. `pip wheel ./python`
 * makes the same from the same sources; a server need not have Python for it.
 */
export function buildWheel(): Wheel {
  const project = readProject();
  const info = `besom-${project.version}.dist-info`;
  const source = join(PYTHON, "src");
  const files = new Map<string, Buffer>();
  for (const path of filesOf(join(source, "besom")))
    files.set(path.slice(source.length + 1), readFileSync(path));
  files.set(`${info}/METADATA`, Buffer.from(project.metadata));
  files.set(`${info}/WHEEL`, Buffer.from(WHEEL));
  files.set(`${info}/entry_points.txt`, Buffer.from(`[console_scripts]\n${project.scripts.join("\n")}\n`));
  files.set(`${info}/top_level.txt`, Buffer.from("besom\n"));
  const record = [...files].map(([name, bytes]) => `${name},sha256=${urlHash(bytes)},${bytes.length}\n`);
  files.set(`${info}/RECORD`, Buffer.from(`${record.join("")}${info}/RECORD,,\n`));
  const zip: Zippable = Object.fromEntries(
    [...files].map(([name, bytes]) => [name, [bytes, { mtime: EPOCH }]]),
  );
  const bytes = zipSync(zip, { level: 9 });
  return {
    name: `besom-${project.version}-py3-none-any.whl`,
    bytes,
    hash: createHash("sha256").update(bytes).digest("hex"),
  };
}

const WHEEL = "Wheel-Version: 1.0\nGenerator: besom\nRoot-Is-Purelib: true\nTag: py3-none-any\n";

/** What the wheel says of itself stands in pyproject.toml; of TOML this reads the few shapes that stand there. */
function readProject(): { version: string; metadata: string; scripts: string[] } {
  const toml = readFileSync(join(PYTHON, "pyproject.toml"), "utf8");
  const text = (key: string): string => must(new RegExp(`^${key} = "([^"]*)"$`, "m").exec(toml), key);
  const list = (key: string): string[] =>
    [...must(new RegExp(`^${key} = \\[([^\\]]*)\\]`, "m").exec(toml), key).matchAll(/"([^"]*)"/g)].map(
      ([, item = ""]) => item,
    );
  const version = must(
    /^VERSION = "([^"]+)"$/m.exec(readFileSync(join(PYTHON, "src/besom/_version.py"), "utf8")),
    "VERSION",
  );
  const scripts = must(/^\[project\.scripts\]\n((?:.+\n)*)/m.exec(toml), "[project.scripts]");
  const metadata = [
    "Metadata-Version: 2.1",
    "Name: besom",
    `Version: ${version}`,
    `Summary: ${text("description")}`,
    `License: ${must(/^license = \{ text = "([^"]*)" \}$/m.exec(toml), "license")}`,
    `Keywords: ${list("keywords").join(",")}`,
    ...list("classifiers").map((classifier) => `Classifier: ${classifier}`),
    `Requires-Python: ${text("requires-python")}`,
    "Description-Content-Type: text/markdown",
    "",
    readFileSync(join(PYTHON, text("readme")), "utf8"),
  ].join("\n");
  return {
    version,
    metadata,
    scripts: scripts
      .trim()
      .split("\n")
      .map((line) => line.replaceAll('"', "")),
  };
}

function must(match: RegExpExecArray | null, what: string): string {
  const found = match?.[1];
  if (found === undefined)
    throw new Error(`python/ does not say its ${what} in the way that this file reads`);
  return found;
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(?:py|pyi|typed)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

const urlHash = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("base64url");
