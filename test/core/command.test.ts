import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DEFAULT_COMMAND, expandCommand, unknownMacros } from "@/core/command";
import { parseJson, stringifyJson, toValueMap, type ValueMap } from "@/core/value";

interface Case {
  readonly name: string;
  readonly command: readonly string[] | null;
  readonly program: string | null;
  /** JSON text: 1 and 1.0 are two things. */
  readonly params: string;
  readonly env: Record<string, string>;
  readonly argv: readonly string[];
}
/** What W&B's own agent made of them: scripts/reference-commands.py. */
const { cases } = JSON.parse(readFileSync("test/fixtures/commands.json", "utf8")) as { cases: Case[] };
const facts = { program: "train.py", paramsFile: "/tmp/params.json", params: {}, env: {}, platform: "linux" };
const FORMATS = ["", "_no_equals", "_no_hyphens", "_no_boolean_flags", "_json", "_json_file"]
  .concat(["_append_hydra", "_override_hydra"])
  .map((rest) => `\${args${rest}}`);
const macro = (name: string): string => `\${${name}}`;

describe("a command line", () => {
  test.each(cases)("is W&B's to the character: $name", ({ command, program, params, env, argv }) => {
    const expected = argv.map((word) => (word === "{params_file}" ? facts.paramsFile : word));
    const expand = (values: ValueMap) =>
      expandCommand(command ?? undefined, { ...facts, program: program ?? undefined, params: values, env });
    const values = parseJson(params) as ValueMap;
    expect(expand(values)).toEqual(expected);
    // jsonb hands the keys back in its own order, and whole floats as it pleases to write them
    const stored = parseJson(stringifyJson(toValueMap(Object.entries(values).reverse())));
    expect(expand(stored as ValueMap)).toEqual(expected);
  });

  test("is compared with W&B's in more than a hundred cases, each macro among them", () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBeGreaterThan(100);
    const words = cases.flatMap(({ command }) => command ?? []).join(" ");
    for (const macro of [...DEFAULT_COMMAND, ...FORMATS]) expect(words).toContain(macro);
  });

  test("without a command is the default", () => {
    expect(expandCommand(undefined, { ...facts, params: { lr: 0.1 } })).toEqual([
      "/usr/bin/env",
      "python",
      "train.py",
      "--lr=0.1",
    ]);
  });

  test("on Windows has no /usr/bin/env", () => {
    expect(expandCommand(undefined, { ...facts, platform: "win32" })).toEqual(["python", "train.py"]);
  });

  test("leaves out a program that the sweep does not name", () => {
    expect(expandCommand(undefined, { ...facts, program: undefined })).toEqual(["/usr/bin/env", "python"]);
  });

  test("never lets a value become an argument of its own", () => {
    const params = parseJson('{"a": "x y; rm -rf ~", "b": "--c=1\\n"}') as ValueMap;
    expect(expandCommand([macro("args")], { ...facts, params })).toEqual([
      "--a=x y; rm -rf ~",
      "--b=--c=1\n",
    ]);
    expect(expandCommand(["p", macro("args_json")], { ...facts, params })[1]).toBe(
      '{"a": "x y; rm -rf ~", "b": "--c=1\\n"}',
    );
    expect(stringifyJson(params)).toContain("rm");
  });
});

describe("unknown macros", () => {
  test("are none in the default, nor in plain text and environment variables", () => {
    expect(unknownMacros(DEFAULT_COMMAND)).toEqual([]);
    expect(
      unknownMacros(["sh", "-c", "echo $HOME $(date)", macro("envvar:HOME"), `a${macro("envvar:X_1")}b`]),
    ).toEqual([]);
  });

  test("are named with what becomes of them and what was probably meant", () => {
    expect(unknownMacros([macro("interpereter"), macro("arg"), macro("lr"), `--lr=${macro("lr")}`])).toEqual([
      { chunk: 0, macro: macro("interpereter"), effect: "dropped", suggestion: macro("interpreter") },
      { chunk: 1, macro: macro("arg"), effect: "dropped", suggestion: macro("args") },
      { chunk: 2, macro: macro("lr"), effect: "dropped" },
      { chunk: 3, macro: macro("lr"), effect: "verbatim" },
    ]);
  });

  test("are known ones that do not have a chunk to themselves, and variables in lower case", () => {
    expect(unknownMacros([`python ${macro("program")}`, macro("envvar:home")])).toEqual([
      { chunk: 0, macro: macro("program"), effect: "verbatim", suggestion: macro("program") },
      { chunk: 1, macro: macro("envvar:home"), effect: "dropped", suggestion: macro("envvar:HOME") },
    ]);
  });
});
