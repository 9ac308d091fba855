import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const FOLDER = join(import.meta.dirname, "operations");

/** The texts of all documents in operations/: what our own command line, pages and training programs send. */
export async function knownDocuments(): Promise<string[]> {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".ts"));
  const modules = await Promise.all(
    files.map((name) => import(pathToFileURL(join(FOLDER, name)).href) as Promise<Record<string, unknown>>),
  );
  return [...new Set(modules.flatMap((module) => Object.values(module).flatMap(toText)))];
}

function toText(value: unknown): string[] {
  if (typeof value !== "object" || value === null || !("kind" in value) || value.kind !== "Document")
    return [];
  const { loc } = value as { loc?: { source: { body: string } } };
  return loc === undefined ? [] : [loc.source.body];
}
