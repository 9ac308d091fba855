import type { Command } from "commander";
import { expandCommand } from "@/core/command";
import { AppError } from "@/core/errors";
import { toPythonText } from "@/core/python";
import { isValueMap, parseJson, type ValueMap } from "@/core/value";
import { BestRun } from "@/graphql/operations";
import { toShellText } from "../quote";
import { toTable } from "../table";
import { notFound, type Terminal, toSweepId, withClient } from "./context";

export function addBest(program: Command, terminal: Terminal): void {
  program
    .command("best <sweep>")
    .description("show a sweep's best run, its parameters, and the command to repeat it")
    .option("--json", "print JSON")
    .action((sweep: string, flags: { json?: boolean }) =>
      showBest(terminal, toSweepId(sweep), flags.json === true),
    );
}

async function showBest(terminal: Terminal, id: string, json: boolean): Promise<void> {
  const { sweep } = await withClient(terminal, (client) => client.query(BestRun, { id }));
  if (!sweep) throw notFound(id);
  const { bestRun: best, metric, counts, program, command, constrained, ...facts } = sweep;
  if (!best)
    throw new AppError(
      "NOT_FOUND",
      `sweep ${id} has no best run yet: ${toReason(metric, counts, constrained)}`,
    );
  const params = parseJson(best.params);
  const map = isValueMap(params) ? params : {};
  const repeat = toRepeatCommand(program, command, map, best.params);
  if (json) {
    // The parameters stand as the server wrote them: 1.0 stays 1.0.
    const { params: text, ...run } = best;
    const rest = JSON.stringify({ sweep: facts, metric, run, command: repeat });
    return terminal.out(`${rest.slice(0, -1)},"params":${text}}`);
  }
  const rows = Object.entries(map).map(([name, value]) => [name, toPythonText(value)]);
  terminal.out(
    [
      `${best.displayName}: ${metric?.name} ${best.objective} (${metric?.goal} it), of ${counts.finished} finished runs`,
      `  ${best.url}`,
      ...toTable(["PARAMETER", "VALUE"], rows)
        .split("\n")
        .map((line) => `  ${line}`),
      "repeat it with",
      `  ${repeat}`,
    ].join("\n"),
  );
}

function toReason(
  metric: { name: string } | null,
  { total, finished }: { total: number; finished: number },
  constrained: boolean,
): string {
  if (!metric) return "its file names no `metric`, so no run is better than another";
  if (total === 0) return "no run was started";
  if (constrained)
    return `none of its runs that have ended has logged a finite number named ${metric.name} and keeps to the constraints on metrics`;
  return finished === 0
    ? `none of its ${total} runs has logged ${metric.name} yet`
    : `none of its runs logged a finite number named ${metric.name}; check the spelling in the training program`;
}

/** For a person's shell. A command that reads its parameters from a file gets them from one that the shell makes. */
export function toRepeatCommand(
  program: string | null,
  command: readonly string[] | null,
  params: ValueMap,
  paramsText: string,
): string {
  const file = "params.json";
  const argv = expandCommand(command ?? undefined, {
    program: program ?? undefined,
    params,
    paramsFile: file,
    env: {},
    platform: process.platform,
  });
  const line = toShellText(argv);
  return argv.includes(file) ? `echo ${toShellText([paramsText])} > ${file} && ${line}` : line;
}
