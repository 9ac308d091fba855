import type { Parameters } from "@/core/parameter";
import type { Value } from "@/core/value";
import { checkTogether, isGuided } from "./checks";
import type { Findings } from "./diagnostics";
import { readEarlyTerminate } from "./early-terminate";
import { readCommand, readController, readRunCap, readText } from "./launch";
import { readObjectives } from "./metrics";
import { COMING_KEYS, OWN_KEYS, readOwnKeys } from "./own-keys";
import { readParameters } from "./parameters";
import { didYouMean } from "./suggest";
import { childOf, isMap, isNull, isScalar, type MapNode, type Node, show, toValue } from "./tree";
import type { Method, SweepConfig } from "./types";

const METHODS: readonly Method[] = ["auto", "grid", "random", "sobol", "bayes", "tpe", "cmaes", "custom"];
/** W&B's keys that this parser understands. */
const KEYS: readonly string[] = [
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
  const method = readMethod(root, findings);
  const parameters = readParameterSection(root, findings);
  const { metric, metrics } = readObjectives(
    root,
    childOf(root, "metric"),
    given(root, "metrics"),
    isGuided(method),
    findings,
  );
  const stopNode = given(root, "early_terminate");
  const earlyTerminate = stopNode && readEarlyTerminate(stopNode, metric !== undefined, findings);
  const commandNode = given(root, "command");
  const runCapNode = given(root, "run_cap");
  const controllerNode = given(root, "controller");
  const schedulerNode = given(root, "scheduler");
  const config = {
    metric,
    metrics,
    earlyTerminate,
    program: readText(childOf(root, "program"), "program", findings),
    command: commandNode && readCommand(commandNode, findings),
    name: readText(childOf(root, "name"), "name", findings),
    description: readText(childOf(root, "description"), "description", findings),
    project: readText(childOf(root, "project"), "project", findings),
    entity: readText(childOf(root, "entity"), "entity", findings),
    runCap: runCapNode && readRunCap(runCapNode, findings),
    controller: controllerNode && readController(controllerNode, findings),
    scheduler: schedulerNode && toValue(schedulerNode),
    ...readOwnKeys(root, findings),
    extra: readExtra(root, findings),
  };
  if (method && parameters) checkTogether(root, method, parameters, config, findings);
  if (!method || !parameters || findings.errors.length > 0) return undefined;
  return { method, parameters, ...config };
}

/** A key with nothing behind it is as good as absent. */
function given(root: MapNode, key: string): Node | undefined {
  const node = childOf(root, key);
  return node && isNull(node) ? undefined : node;
}

function readMethod(root: MapNode, findings: Findings): Method | undefined {
  const node = childOf(root, "method");
  if (!node) {
    const wrapper = [...root.entries].find(
      ([, entry]) => isMap(entry.node) && entry.node.entries.has("method"),
    );
    const message = wrapper
      ? `the sweep stands under \`${wrapper[0]}:\`; move its keys to the left margin and remove that line`
      : "`method` is missing: write `method: auto`, which chooses one, or `grid`, `random` or `bayes`";
    findings.error("METHOD_MISSING", message, ["method"], wrapper?.[1].keyAt ?? root.at);
    return undefined;
  }
  const given = isScalar(node) ? node.text : "";
  const method = METHODS.find((candidate) => candidate === given);
  if (method) return method;
  const inner = isMap(node) && childOf(node, "value");
  const hint = inner
    ? ` Is this a run's own config.yaml? Then write \`method: ${show(inner)}\``
    : (/^bayes/i.test(given) && " Did you mean `bayes`?") || didYouMean(given, METHODS);
  const message = `\`method: ${show(node)}\` is not known; there are ${METHODS.join(", ")}.${hint}`;
  findings.error("METHOD_UNKNOWN", message, ["method"], node.at);
  return undefined;
}

/** `sweep:` or `config:` around the whole sweep. */
const wrapperOf = (root: MapNode) =>
  root.entries.has("method")
    ? undefined
    : [...root.entries].find(([, entry]) => isMap(entry.node) && entry.node.entries.has("method"));

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
    } else if (COMING_KEYS.some((coming) => coming === key)) {
      findings.warn("KEY_NOT_YET", `\`${key}\` is not supported yet and has no effect`, [key], keyAt);
    } else {
      const message = `\`${key}\` is no key of a sweep file and has no effect.${didYouMean(key, [...KEYS, ...COMING_KEYS])}`;
      findings.warn("KEY_UNKNOWN", message, [key], keyAt);
    }
  }
  return extra;
}
