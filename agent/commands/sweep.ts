import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { AppError } from "@/core/errors";
import { SWEEP_ACTIONS } from "@/core/sweep";
import type { Diagnostic } from "@/core/sweep-config";
import { type CreatedSweep, CreateSweep, UpdateSweep, type Warning } from "@/graphql/operations";
import { type Terminal, toSweepId, withClient } from "./context";
import { control } from "./control";

interface Flags {
  project?: string;
  entity?: string;
  name?: string;
  update?: string;
  priorRun?: string[];
  dryRun?: boolean;
  json?: boolean;
  pause?: boolean;
  resume?: boolean;
  stop?: boolean;
  cancel?: boolean;
}

export function addSweep(program: Command, terminal: Terminal): void {
  program
    .command("sweep <file-or-id>")
    .description("check a sweep file and create its sweep, or control a sweep by its id")
    .option("-p, --project <name>", "where to create it; else BESOM_PROJECT, else what the file says")
    .option("-e, --entity <name>", "the project's entity; else BESOM_ENTITY, else what the file says")
    .option("--name <name>", "beats the file's name")
    .option(
      "-R, --prior-run <run>",
      "begin with the result of this run (its name or id; repeatable)",
      collect,
    )
    .addOption(new Option("--prior_run <run>").hideHelp().argParser(collect))
    .option("--update <id>", "give this sweep the file's configuration, as far as its runs allow")
    .option("--dry-run", "only check the file; no server is asked")
    .option("--pause", "hand out no more runs for now")
    .option("--resume", "go on after a pause, or after the end")
    .option("--stop", "hand out no more runs; those under way finish")
    .option("--cancel", "end it, and the runs under way")
    .option("--json", "print JSON")
    .action((target: string, flags: Flags & { prior_run?: string[] }) =>
      runSweep(terminal, target, inOneSpelling(flags)),
    );
}

/** W&B spells it `--prior_run`. */
function inOneSpelling({ prior_run: others, ...flags }: Flags & { prior_run?: string[] }): Flags {
  return others ? { ...flags, priorRun: [...(flags.priorRun ?? []), ...others] } : flags;
}

function runSweep(terminal: Terminal, target: string, flags: Flags): Promise<void> {
  const actions = SWEEP_ACTIONS.filter((action) => flags[action]);
  const [action, ...others] = actions;
  const asked = (["project", "entity", "name", "update", "dryRun", "priorRun"] as const).filter(
    (name) => flags[name] !== undefined,
  );
  if (action) {
    // The rest only means something where a file is read.
    const [other] = [...others, ...asked];
    if (other) throw notAtOnce(action, other);
    return withClient(terminal, (client) =>
      control(terminal, client, action, toSweepId(target), flags.json === true),
    );
  }
  const place = asked.find((name) => name === "project" || name === "entity" || name === "priorRun");
  if (flags.update !== undefined && place) throw notAtOnce("update", place);
  return create(terminal, target, flags);
}

const notAtOnce = (one: keyof Flags, other: keyof Flags): AppError =>
  new AppError("BAD_USAGE", `--${one} and --${FLAGS[other] ?? other} can't be asked for at once`);

const FLAGS: { readonly [name in keyof Flags]?: string } = { dryRun: "dry-run", priorRun: "prior-run" };
const collect = (value: string, before: string[] = []): string[] => [...before, value];

async function create(terminal: Terminal, file: string, flags: Flags): Promise<void> {
  const source = readSource(terminal, file);
  // Only here: the parser and its YAML reader would cost each start of an agent some 50 ms.
  const { parseSweepConfig } = await import("@/core/sweep-config");
  const parsed = parseSweepConfig(source);
  for (const error of inOrder(parsed.errors)) terminal.err(toLine(file, "error", error));
  if (!parsed.config) {
    const { length } = parsed.errors;
    throw new AppError(
      "CONFIG_INVALID",
      `${file} has ${length === 1 ? "an error" : `${length} errors`}; nothing was created`,
    );
  }
  if (flags.dryRun) {
    for (const warning of inOrder(parsed.warnings)) terminal.err(toLine(file, "warning", warning));
    const { method } = parsed.config;
    terminal.out(
      flags.json
        ? JSON.stringify({ method, warnings: parsed.warnings })
        : `${file} is a valid ${method} sweep`,
    );
    return;
  }
  const { sweep, warnings, changes } = await send(terminal, source, flags);
  for (const warning of inOrder(warnings)) terminal.err(toLine(file, "warning", warning));
  if (flags.json)
    return terminal.out(JSON.stringify({ ...sweep, warnings, ...(flags.update && { changes }) }));
  terminal.out(describe(sweep, flags.update !== undefined));
  for (const { path, before, after, effect } of changes)
    terminal.out(`  ${path}: ${before ?? "not there"} -> ${after ?? "not there"}. ${effect ?? ""}`);
}

async function send(terminal: Terminal, source: string, { update, name, project, entity, priorRun }: Flags) {
  const { env } = terminal;
  const input = { source, clientMutationId: randomUUID(), ...(name !== undefined && { name }) };
  const place = {
    ...maybe("project", project ?? env.BESOM_PROJECT),
    ...maybe("entity", entity ?? env.BESOM_ENTITY),
  };
  const { sweep, warnings, changes } = await withClient(terminal, async (client) =>
    update === undefined
      ? {
          ...(await client.mutate(CreateSweep, {
            input: { ...input, ...place, ...(priorRun && { priorRuns: priorRun }) },
          })),
          changes: [],
        }
      : client.mutate(UpdateSweep, { input: { ...input, sweepId: toSweepId(update) } }),
  );
  if (!sweep) throw new AppError("INTERNAL", "the server created a sweep without telling its id");
  return { sweep, warnings, changes };
}

function describe(sweep: CreatedSweep, updated: boolean): string {
  const { id, name, url, agentCommand, workerCommand } = sweep;
  return [
    `${updated ? "Updated" : "Created"} sweep ${id}${name === id ? "" : ` (${name})`}: ${describeSize(sweep)}`,
    `  page       ${url}`,
    `  agent      ${agentCommand}`,
    `  elsewhere  ${workerCommand}`,
  ].join("\n");
}

function describeSize({ size, runCap }: Pick<CreatedSweep, "size" | "runCap">): string {
  const count = (runs: string | number) => (String(runs) === "1" ? "1 run" : `${runs} runs`);
  if (size === null) return runCap === null ? "runs without end" : count(runCap);
  return runCap === null || BigInt(size) <= BigInt(runCap)
    ? count(size)
    : `${count(runCap)} of ${size} points`;
}

/** As compilers print it, so that editors and people find the place. */
function toLine(
  file: string,
  kind: string,
  { code, message, path, line, column }: Diagnostic | Warning,
): string {
  const at = line ? `:${line}${column ? `:${column}` : ""}` : "";
  const where = !line && path.length > 0 ? `${path.join(".")}: ` : "";
  return `${file === "-" ? "standard input" : file}${at}: ${kind}: ${where}${message} [${code}]`;
}

const inOrder = <Place extends { line?: number | null }>(places: readonly Place[]): Place[] =>
  [...places].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));

function readSource({ cwd }: Terminal, file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : resolve(cwd, file), "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const why =
      code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : String(cause);
    throw new AppError("BAD_USAGE", `can't read the sweep file ${file}: ${why}`, { cause });
  }
}

const maybe = <Name extends string>(name: Name, value: string | undefined) =>
  (value ? { [name]: value } : {}) as Partial<Record<Name, string>>;
