import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Float, isList, isValueMap, type Value, type ValueMap } from "@/core/value";

/** A folder of one attempt, mode 700: its parameters, and room for what memory can't hold. */
export interface RunFiles {
  readonly dir: string;
  readonly paramsFile: string;
  readonly wandbParamsFile: string;
  remove(): Promise<void>;
}

/** `paramsText` is the JSON as the server sent it, so that 1.0 stays 1.0. */
export function writeRunFiles(parent: string, paramsText: string, params: ValueMap): RunFiles {
  const dir = mkdtempSync(join(parent, "run-"));
  const paramsFile = join(dir, "params.json");
  const wandbParamsFile = join(dir, "wandb-params.yaml");
  writeFileSync(paramsFile, `${paramsText}\n`, { mode: 0o600 });
  writeFileSync(wandbParamsFile, toWandbYaml(params), { mode: 0o600 });
  return { dir, paramsFile, wandbParamsFile, remove: () => rm(dir, { recursive: true, force: true }) };
}

/** `{wandb_version: 1, name: {value: v}}`, what WANDB_SWEEP_PARAM_PATH points to. */
export function toWandbYaml(params: ValueMap): string {
  const lines = Object.entries(params).map(([name, value]) => `${quote(name)}:\n  value: ${toYaml(value)}\n`);
  return `wandb_version: 1\n\n${lines.join("")}`;
}

/** JSON is YAML but for the numbers: PyYAML (YAML 1.1) takes 1e-07 for a string, 1.0e-07 for a number. */
function toYaml(value: Value): string {
  if (value instanceof Float) return toYamlFloat(value.value, true);
  if (typeof value === "number")
    return Number.isInteger(value) ? String(BigInt(value)) : toYamlFloat(value, false);
  if (typeof value === "bigint" || value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return quote(value);
  if (isList(value)) return `[${value.map(toYaml).join(", ")}]`;
  if (isValueMap(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${quote(key)}: ${toYaml(item)}`)
      .join(", ")}}`;
  return "null";
}

function toYamlFloat(value: number, whole: boolean): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  const text = Object.is(value, -0) ? "-0" : String(value);
  const [mantissa = text, exponent] = text.split("e");
  const dotted = mantissa.includes(".") ? mantissa : `${mantissa}.0`;
  return exponent !== undefined || whole || mantissa.includes(".")
    ? dotted + (exponent ? `e${exponent}` : "")
    : text;
}

/** PyYAML refuses some characters outright and folds others (NEL) into spaces: all but ASCII is escaped. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/[^\x20-\x7e]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    return code > 0xffff ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
  });
}
