import { existsSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { toWandbYaml, writeRunFiles } from "@/agent/run/run-files";
import { isValueMap, parseJson } from "@/core/value";

const TEXT =
  '{"epochs":1.0,"layers":[64,32],"lr":1e-07,"name":"tëst \\u0085 😀","net":{"on":true},"none":null}';

function toParams(text: string) {
  const params = parseJson(text);
  if (!isValueMap(params)) throw new TypeError("not a map");
  return params;
}

test("the parameters stand in a file of the run's own, as the server sent them, and go when it ends", async () => {
  const files = writeRunFiles(tmpdir(), TEXT, toParams(TEXT));
  expect(readFileSync(files.paramsFile, "utf8")).toBe(`${TEXT}\n`);
  expect(statSync(files.dir).mode & 0o777).toBe(0o700);
  await files.remove();
  expect(existsSync(files.dir)).toBe(false);
});

test("W&B's file is read by a YAML 1.1 reader as the same values: 1e-07 is a number there only with a dot", () => {
  const yaml = toWandbYaml(toParams(TEXT));
  expect(yaml).toContain('"lr":\n  value: 1.0e-7\n');
  expect(yaml).toContain('"epochs":\n  value: 1.0\n');
  // biome-ignore format: one line is easier to compare
  expect(parse(yaml, { version: "1.1" })).toEqual({
    wandb_version: 1, epochs: { value: 1 }, layers: { value: [64, 32] }, lr: { value: 1e-7 },
    name: { value: "tëst \u0085 😀" }, net: { value: { on: true } }, none: { value: null },
  });
});
