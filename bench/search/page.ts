import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fillTables } from "./markdown";

/** docs/search-quality.md, and its plots in a folder beside it. */
const DOCS = join(import.meta.dirname, "../../docs");
export const PAGE = join(DOCS, "search-quality.md");
export const CHARTS = join(DOCS, "search-quality");

export function writePage(tables: ReadonlyMap<string, string>, charts: ReadonlyMap<string, string>): void {
  if (existsSync(PAGE)) writeFileSync(PAGE, fillTables(readFileSync(PAGE, "utf8"), tables));
  mkdirSync(CHARTS, { recursive: true });
  for (const [name, chart] of charts) writeFileSync(join(CHARTS, name), chart);
}
