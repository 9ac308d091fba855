import { isSlug } from "@/core/ids";
import type { Parameter, Parameters } from "@/core/parameter";
import { unknownNames } from "@/core/run-name";
import { listUnreachable } from "@/core/space";
import { toIdentity, toNumber } from "@/core/value";
import type { Findings } from "./diagnostics";
import { childOf, isMap, type MapNode, type Node } from "./tree";
import type { Method, SweepConfig } from "./types";

type Rest = Omit<SweepConfig, "method" | "parameters">;

/** What no key says alone. */
export function checkTogether(
  root: MapNode,
  method: Method,
  parameters: Parameters,
  config: Rest,
  findings: Findings,
): void {
  const at = root.entries.get("method")?.keyAt;
  const warn = (code: string, message: string, key: string): void =>
    findings.warn(code, message, [key], root.entries.get(key)?.keyAt ?? at);
  if (method === "grid") checkGrid(root, parameters, findings);
  if (isGuided(method)) checkGuided(root, method, parameters, config, findings);
  if (method === "cmaes") checkEvolution(root, parameters, config, findings);
  if (config.gridOrder === "random" && method !== "grid")
    warn("OWN_KEY_IGNORED", `\`grid_order\` has no effect with \`method: ${method}\``, "grid_order");
  if (!config.program && (!config.command || config.command.some((item) => /\$\{program\}/.test(item))))
    warn(
      "PROGRAM_MISSING",
      "there is no `program`, so an agent can't start this sweep's runs by itself",
      "program",
    );
  for (const path of listUnreachable(parameters))
    warn(
      "Q_WITHOUT_MULTIPLE",
      `\`${path.join(".")}\`: no multiple of \`q\` lies between the bounds, so its values fall outside them, as in W&B`,
      "parameters",
    );
  for (const { name, suggestion } of unknownNames(config.runName ?? "", parameters))
    warn(
      "RUN_NAME_UNKNOWN",
      `\`run_name\` holds {${name}}, but there is no such parameter${suggestion ? `; did you mean {${suggestion}}?` : ""}`,
      "run_name",
    );
  for (const key of ["project", "entity"] as const) {
    const slug = config[key];
    if (slug !== undefined && !isSlug(slug))
      warn(
        "NAME_UNUSUAL",
        `\`${key}: ${slug}\` can't stand in a URL: it holds letters, digits, \`_\`, \`.\` and \`-\``,
        key,
      );
  }
}

/** As in W&B, a grid enumerates constants, lists, int_uniform and q_uniform. */
function checkGrid(root: MapNode, parameters: Parameters, findings: Findings): void {
  for (const { parameter, names, at, path } of leaves(parameters, childOf(root, "parameters"))) {
    const name = names.join(".");
    if (parameter.kind === "categorical") {
      if (parameter.probabilities)
        findings.error(
          "GRID_PROBABILITIES",
          `\`${name}\`: a grid tries every value once, so \`probabilities\` have no place; remove them or use \`method: random\``,
          path,
          at,
        );
      else if (new Set(parameter.values.map(toIdentity)).size < parameter.values.length)
        findings.warn(
          "VALUES_REPEATED",
          `\`${name}\` holds a value twice, which is one point of the grid; for several runs of each point use \`repeats\``,
          path,
          at,
        );
    } else if (!["constant", "int_uniform", "q_uniform"].includes(parameter.kind)) {
      findings.error(
        "GRID_CONTINUOUS",
        `\`${name}\` is continuous (${parameter.kind}), so a grid can't enumerate it; list its \`values\`, use \`q_uniform\` with a step \`q\`, or use \`method: random\``,
        path,
        at,
      );
    }
  }
}

/** Methods that learn from results. */
export const isGuided = (method: Method | undefined): boolean =>
  method === "bayes" || method === "tpe" || method === "cmaes" || method === "auto";

function checkGuided(
  root: MapNode,
  method: Method,
  parameters: Parameters,
  { metric }: Rest,
  findings: Findings,
): void {
  const at = root.entries.get("method")?.keyAt;
  const refused = findings.errors.some(({ code }) => code.startsWith("METRIC"));
  if (!metric && !refused)
    findings.error(
      "METRIC_MISSING",
      `\`method: ${method}\` needs a metric to improve: write \`metric: {name: loss, goal: minimize}\` with the name your program logs`,
      ["metric"],
      at,
    );
  const searched = leaves(parameters, childOf(root, "parameters")).some(
    ({ parameter }) => parameter.kind !== "constant",
  );
  if (!searched)
    findings.error(
      "NOTHING_TO_SEARCH",
      `\`method: ${method}\` needs at least one parameter that is not a fixed \`value\``,
      ["parameters"],
      at,
    );
}

/** What a normal distribution over numbers can't search well, and which method can. */
function checkEvolution(root: MapNode, parameters: Parameters, { metrics }: Rest, findings: Findings): void {
  const all = leaves(parameters, childOf(root, "parameters"));
  const searched = all.filter(({ parameter }) => parameter.kind !== "constant");
  const conditional = searched.find(({ isConditional }) => isConditional);
  if (conditional)
    findings.error(
      "CMAES_CONDITION",
      `\`${conditional.names.join(".")}\` exists under a condition, which \`method: cmaes\` can't search well: use \`method: tpe\` or \`bayes\``,
      conditional.path,
      conditional.at,
    );
  const isNumber = ({ parameter }: Leaf): boolean =>
    parameter.kind !== "categorical" || parameter.values.every((value) => toNumber(value) !== undefined);
  if (searched.length > 0 && !searched.some(isNumber))
    findings.error(
      "CMAES_NO_NUMBER",
      "`method: cmaes` moves a normal distribution over numbers, and no parameter here is one: use `method: tpe` or `bayes`",
      ["parameters"],
      root.entries.get("method")?.keyAt,
    );
  if (metrics)
    findings.error(
      "CMAES_METRICS",
      "`method: cmaes` draws near one best place, and several `metrics` have a whole front of them: use `method: bayes` or `tpe`",
      ["metrics"],
      root.entries.get("metrics")?.keyAt,
    );
}

interface Leaf {
  readonly parameter: Exclude<Parameter, { kind: "group" }>;
  readonly names: readonly string[];
  readonly path: readonly string[];
  readonly at: Node["at"];
  /** It, or a group that it is in, has a `when`. */
  readonly isConditional: boolean;
}

function leaves(
  parameters: Parameters,
  node: Node | undefined,
  names: readonly string[] = [],
  path: readonly string[] = ["parameters"],
  isWithin = false,
): Leaf[] {
  return [...parameters].flatMap(([name, parameter]) => {
    const child = isMap(node) ? node.entries.get(name) : undefined;
    const here = { names: [...names, name], path: [...path, name] };
    const isConditional = isWithin || parameter.when !== undefined;
    if (parameter.kind !== "group")
      return [{ parameter, ...here, at: child?.keyAt ?? node?.at, isConditional }];
    const inner = isMap(child?.node) ? childOf(child.node, "parameters") : undefined;
    return leaves(parameter.parameters, inner, here.names, [...here.path, "parameters"], isConditional);
  });
}
