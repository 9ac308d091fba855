import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DEFAULT_COMMAND, expandCommand, unknownMacros } from "@/core/command";
import { parseJson, stringifyJson, type ValueMap } from "@/core/value";

interface Row {
  readonly command: readonly string[];
  readonly args: ValueMap;
  readonly env: Record<string, string>;
  readonly argv: readonly string[];
}
/** What wandb 0.31's own functions made of them. */
const rows = parseJson(
  readFileSync("test/fixtures/reference/wandb-commands.json", "utf8"),
) as unknown as Row[];
const facts = { program: "train.py", paramsFile: "/tmp/params.json", params: {}, env: {}, platform: "linux" };
const macro = (name: string): string => `\${${name}}`;

describe("a command line", () => {
  test.each(rows.map((row) => [row.command.join(" "), row] as const))(
    "of `%s` is W&B's",
    (_, { command, args, env, argv }) => {
      expect(expandCommand(command, { ...facts, params: args, env })).toEqual(argv);
      // jsonb hands the keys back in its own order
      const shuffled = Object.fromEntries(Object.entries(args).reverse());
      expect(expandCommand(command, { ...facts, params: shuffled, env })).toEqual(argv);
    },
  );

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
