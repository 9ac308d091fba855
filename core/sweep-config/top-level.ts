import type { Parameters } from "@/core/parameter";
import type { Value } from "@/core/value";
import { leastRuns, nearestTarget, readBudget } from "./budget";
import { checkTogether, isGuided } from "./checks";
import { type Constraints, readConstraints } from "./constraints";
import type { Findings } from "./diagnostics";
import { readEarlyTerminate } from "./early-terminate";
import { readCommand, readController, readRunCap, readText } from "./launch";
import { readLogPatterns } from "./log-pattern";
import { readMethod, wrapperOf } from "./method";
import { type Objectives, readObjectives } from "./metrics";
import { objectivesOf } from "./objectives";
import { OWN_KEYS, readOwnKeys } from "./own-keys";
import { readParameters } from "./parameters";
import { readScheduler } from "./scheduler";
import { didYouMean } from "./suggest";
import { childOf, isMap, isNull, isScalar, type MapNode, type Node, show, toValue } from "./tree";
import type { Metric, SweepConfig } from "./types";
import { warnWithoutEffect } from "./without-effect";

/** Those that this parser understands: W&B's and our own. */
export const KEYS: readonly string[] = [
  "method",
  "parameters",
  "metric",
  "metrics",
  "early_terminate",
  "program",
  "command",
  "name",
  "description",
  "project",
  "entity",
  "run_cap",
  "controller",
  "scheduler",
  ...OWN_KEYS,
];
/** Known to W&B's schema, without meaning here: kept in `extra` like unknown ones. */
const SILENT_KEYS: readonly string[] = ["apiVersion", "kind"];
const LAUNCH_KEYS: readonly string[] = ["job", "image_uri"];

/** The whole file, understood; undefined with at least one error among the findings. */
export function readTopLevel(root: Node, findings: Findings): SweepConfig | undefined {
  if (!isMap(root) || root.entries.size === 0) {
    const found =
      isMap(root) || (isScalar(root) && root.value === null) ? "it is empty" : `this is ${show(root)}`;
    const message = `a sweep file is a map with \`method\` and \`parameters\`; ${found}`;
    findings.error("NOT_A_SWEEP", message, [], root.at);
    return undefined;
  }
  const named = readMethod(root, findings);
  const parameters = readParameterSection(root, findings);
  const objectives = readObjectives(
    root,
    childOf(root, "metric"),
    given(root, "metrics"),
    isGuided(named),
    findings,
  );
  const hasMetric = objectives.metric !== undefined;
  const schedulerNode = given(root, "scheduler");
  const scheduled = schedulerNode && readScheduler(schedulerNode, named, hasMetric, findings);
  const method = scheduled ? scheduled.method : named;
  const stopNode = given(root, "early_terminate");
  const commandNode = given(root, "command");
  const controllerNode = given(root, "controller");
  const patternNode = given(root, "log_pattern");
  const config = {
    ...readBounds(root, objectives, findings),
    earlyTerminate: stopNode && readEarlyTerminate(stopNode, hasMetric, findings),
    program: readText(childOf(root, "program"), "program", findings),
    command: commandNode && readCommand(commandNode, findings),
    name: readText(childOf(root, "name"), "name", findings),
    description: readText(childOf(root, "description"), "description", findings),
    project: readText(childOf(root, "project"), "project", findings),
    entity: readText(childOf(root, "entity"), "entity", findings),
    controller: controllerNode && readController(controllerNode, findings),
    scheduler: scheduled?.scheduler,
    ...readOwnKeys(root, findings),
    ...readRules(root, parameters, objectives, findings),
    logPattern: patternNode && readLogPatterns(patternNode, findings),
    extra: readExtra(root, findings),
  };
  if (method && parameters) {
    checkTogether(root, method, parameters, config, findings);
    warnWithoutEffect(root, method, config, findings);
  }
  if (!method || !parameters || findings.errors.length > 0) return undefined;
  return { method, parameters, ...config };
}

/** Objectives with all that ends the sweep: their targets, `run_cap` and `budget`. */
function readBounds(
  root: MapNode,
  { metric, metrics }: Objectives,
  findings: Findings,
): Pick<SweepConfig, "metric" | "metrics" | "runCap" | "budget"> {
  const runCapNode = given(root, "run_cap");
  const budgetNode = given(root, "budget");
  const budget = budgetNode && readBudget(budgetNode, objectivesOf({ metric, metrics }), findings);
  const aimed = (each: Metric): Metric => ({ ...each, target: nearestTarget(each, budget?.until) });
  const [first = metric && aimed(metric), ...others] = metrics?.map(aimed) ?? [];
  return {
    metric: first,
    metrics: first && others.length > 0 ? [first, ...others] : undefined,
    runCap: leastRuns(runCapNode && readRunCap(runCapNode, findings), budget?.runs),
    budget,
  };
}

/** Constraints can be understood only where the parameters are. */
function readRules(
  root: MapNode,
  parameters: Parameters | undefined,
  objectives: Objectives,
  findings: Findings,
): Constraints {
  const node = given(root, "constraints");
  if (!node || !parameters) return {};
  return readConstraints(
    node,
    parameters,
    objectivesOf(objectives).map(({ name }) => name),
    findings,
  );
}

/** A key with nothing behind it is as good as absent. */
function given(root: MapNode, key: string): Node | undefined {
  const node = childOf(root, key);
  return node && isNull(node) ? undefined : node;
}

/** A scheduler with a search space of its own needs no parameters. */
function readParameterSection(root: MapNode, findings: Findings): Parameters | undefined {
  const node = childOf(root, "parameters");
  if (node) return readParameters(node, findings);
  if (wrapperOf(root)) return undefined;
  const scheduler = childOf(root, "scheduler");
  if (isMap(scheduler) && scheduler.entries.has("search_space")) return new Map();
  const message = `\`parameters\` is missing: write \`parameters:\` and below it, indented, one entry a parameter.${didYouMeanKey(root, "parameters")}`;
  findings.error("PARAMETERS_MISSING", message, ["parameters"], root.at);
  return undefined;
}

function didYouMeanKey(root: MapNode, wanted: string): string {
  const slip = [...root.entries.keys()].find(
    (key) => !KEYS.includes(key) && didYouMean(key, [wanted]) !== "",
  );
  return slip === undefined ? "" : ` Is \`${slip}\` meant?`;
}

function readExtra(root: MapNode, findings: Findings): ReadonlyMap<string, Value> {
  const extra = new Map<string, Value>();
  for (const [key, { node, keyAt }] of root.entries) {
    if (KEYS.includes(key)) continue;
    extra.set(key, toValue(node));
    if (SILENT_KEYS.includes(key)) continue;
    if (LAUNCH_KEYS.includes(key)) {
      findings.warn("KEY_NOT_USED", `\`${key}\` belongs to W&B Launch and is not used here`, [key], keyAt);
    } else {
      const message = `\`${key}\` is no key of a sweep file and has no effect.${didYouMean(key, KEYS)}`;
      findings.warn("KEY_UNKNOWN", message, [key], keyAt);
    }
  }
  return extra;
}
