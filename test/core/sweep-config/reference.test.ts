import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { listLeaves } from "@/core/leaves";
import { parseSweepConfig } from "@/core/sweep-config";
import { Findings } from "@/core/sweep-config/diagnostics";
import { toValue } from "@/core/sweep-config/tree";
import { readYaml } from "@/core/sweep-config/yaml";
import { differences, parameterDifferences, type Reference, type ReferenceRead } from "./reference";
import { isRule, RULES, type Rule } from "./rules";
import { codesOf } from "./support";

/** Our own files first: one for each kind, form, mistake and difference, most of which no public file has. */
const FIXTURES = "test/fixtures/sweeps";
const corpus = resolve(process.env.BESOM_SWEEP_CORPUS ?? "../shared/sweep-corpus");
const referenceFile = process.env.BESOM_REFERENCE_JSON;
const folders = existsSync(corpus) ? [FIXTURES, corpus] : [FIXTURES];
const files = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => [name, join(folder, name)] as const),
);
const textOf = (path: string): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(readFileSync(path));
const ownFiles = files.filter(([, path]) => path.startsWith(FIXTURES));

describe("our own sweep files", () => {
  test.each(ownFiles)("%s is refused if its name says so, else accepted", (name, path) => {
    const { config, errors } = parseSweepConfig(textOf(path));
    const refused = name.startsWith("bad-") || name === "differs-infinite.yaml";
    expect(config === undefined, codesOf(errors).join()).toBe(refused);
  });
});

if (!referenceFile)
  console.warn(
    "\n(Not compared with W&B's own Python here: scripts/reference-read.py tells how; .ci/run does it.)\n",
  );

describe.skipIf(!referenceFile)("read by W&B's own Python", () => {
  const reference: Reference = referenceFile
    ? JSON.parse(readFileSync(referenceFile, "utf8"))
    : { versions: {}, files: {} };
  const used = new Set<Rule>();

  test("the reference covers every file", () => {
    expect(Object.keys(reference.files).sort()).toEqual(files.map(([name]) => name).sort());
  });

  test.each(files)(
    "%s has the same values, verdict and parameters, or a rule tells why not",
    (name, path) => {
      const read = reference.files[name];
      if (!read) throw new Error(`${name} is not in ${referenceFile}`);
      const text = textOf(path);
      const asMeant = compare(text, read.meant);
      // PyYAML with YAML 1.2's floats agrees: the spelling of numbers was all
      if (asMeant.length === 0 && compare(text, read.wandb).length > 0) used.add("number-spelling");
      const rule = /^# rule: (\S+)$/m.exec(text)?.[1];
      if (asMeant.length > 0 && isRule(rule)) {
        used.add(rule);
        return;
      }
      expect(asMeant).toEqual([]);
      expect(rule, "this rule explains nothing").toBeUndefined();
    },
  );

  afterAll(() => {
    if (!referenceFile) return;
    const idle = Object.keys(RULES).filter((rule) => isRule(rule) && !used.has(rule));
    expect(idle, "rules that explain no file").toEqual([]);
  });
});

/** All that differs between the file as we read it and as Python does: text, values, verdict, parameters, stopping. */
function compare(text: string, theirs: ReferenceRead): string[] {
  const { config, errors } = parseSweepConfig(text);
  const tree = readYaml(text, new Findings());
  if (tree === undefined || theirs.value === undefined)
    return (tree === undefined) === (theirs.value === undefined)
      ? []
      : [`read as YAML only ${tree === undefined ? `there (${codesOf(errors)})` : `here (${theirs.parse})`}`];
  const found = differences(toValue(tree), theirs.value);
  if ((config !== undefined) !== (theirs.engine === "ok"))
    return [...found, config ? `runs only here: ${theirs.engine}` : `runs only there: ${codesOf(errors)}`];
  if (!config) return found;
  if ((config.earlyTerminate !== undefined) !== (theirs.stopping === "ok"))
    found.push(`stops runs early only ${config.earlyTerminate ? `here: ${theirs.stopping}` : "there"}`);
  const filled = new Map(
    (theirs.parameters ?? []).map((parameter) => [JSON.stringify(parameter[0]), parameter]),
  );
  const leaves = listLeaves(config.parameters);
  if (leaves.length !== filled.size) found.push(`${leaves.length} parameters here, ${filled.size} there`);
  for (const { path, parameter } of leaves) {
    const other = filled.get(JSON.stringify(path));
    if (other) found.push(...parameterDifferences(path, parameter, other[1], other[2]));
    else found.push(`${path.join(".")} is no parameter there`);
  }
  return found;
}
