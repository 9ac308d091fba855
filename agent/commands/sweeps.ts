import type { Command } from "commander";
import { AppError } from "@/core/errors";
import { isSlug } from "@/core/ids";
import { ListSweeps, type ProjectFilter, type SweepOfProject } from "@/graphql/operations";
import { toShortNumber, toTable } from "../table";
import { type Terminal, toCount, withClient } from "./context";

interface Flags {
  limit: number;
  json?: boolean;
  ids?: boolean;
}

export function addSweeps(program: Command, terminal: Terminal): void {
  program
    .command("sweeps [project]")
    .description("list sweeps, the newest first: of a project, or of all that this key may see")
    .option("-n, --limit <n>", "at most this many", toCount, 20)
    .option("--json", "print JSON")
    .option("--ids", "print ids alone, one a line")
    .action((project: string | undefined, flags: Flags) =>
      listSweeps(terminal, project ?? terminal.env.BESOM_PROJECT, flags),
    );
}

async function listSweeps(terminal: Terminal, project: string | undefined, flags: Flags): Promise<void> {
  const { limit, json, ids } = flags;
  const filter = project ? toFilter(project, terminal.env.BESOM_ENTITY) : null;
  const { projects } = await withClient(terminal, (client) =>
    client.query(ListSweeps, { filter, first: Math.min(limit, 1_000) }),
  );
  if (filter && projects.nodes.length === 0)
    throw new AppError("NOT_FOUND", `the server knows no project ${project} (or this key may not see it)`);
  const sweeps = projects.nodes
    .flatMap((one) => one.sweeps.nodes)
    .sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))
    .slice(0, limit);
  if (json) return terminal.out(JSON.stringify(sweeps));
  if (ids) {
    for (const { id } of sweeps) terminal.out(id);
    return;
  }
  if (sweeps.length === 0)
    return terminal.err("there is no sweep yet; `besom sweep FILE` creates one from a sweep file");
  terminal.out(toTable(["SWEEP", "STATE", "METHOD", "RUNS", "BEST", "NAME", "PATH"], sweeps.map(toRow)));
}

/** `entity/project`, or a project's name in whichever entity. */
function toFilter(text: string, own: string | undefined): ProjectFilter {
  const [name = "", entity = own] = text.split("/").reverse();
  if (!isSlug(name) || (entity !== undefined && !isSlug(entity)) || text.split("/").length > 2)
    throw new AppError(
      "BAD_USAGE",
      `${JSON.stringify(text)} is no project: expected its name or entity/project`,
    );
  const named = { field: "name", op: "eq", value: name } as const;
  return entity === undefined ? named : { and: [named, { field: "entity", op: "eq", value: entity }] };
}

function toRow({ id, state, method, counts, bestRun, name, path }: SweepOfProject): string[] {
  return [
    id,
    state,
    method,
    String(counts.total),
    bestRun?.objective == null ? "-" : toShortNumber(bestRun.objective),
    name === id ? "" : name,
    path,
  ];
}
