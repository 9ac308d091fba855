import { parseSweepConfig } from "@/core/sweep-config";
import type { Diagnostic, ParsedSweep, SweepConfig } from "@/core/sweep-config/types";

/** A random search over the given parameters, written in YAML below `parameters:` (two blanks are put before each line). */
export const sweepOf = (parameters: string, rest = "method: random\nprogram: train.py"): string =>
  `${rest}\nparameters:\n${parameters.replace(/^/gm, "  ")}\n`;

/** The config of a file that must be read without an error. */
export function configOf(text: string): SweepConfig {
  const { config, errors } = parseSweepConfig(text);
  if (!config)
    throw new Error(`refused: ${errors.map(({ code, message }) => `${code} ${message}`).join("; ")}`);
  return config;
}

export const codesOf = (found: readonly Diagnostic[]): string[] => found.map(({ code }) => code);

/** `CODE line:column path` of each finding. */
export const placesOf = (found: readonly Diagnostic[]): string[] =>
  found.map(({ code, line, column, path }) => `${code} ${line}:${column} ${path.join("/")}`);

/** What every answer has to be: a config or errors, and each finding with a code, a sentence and, for text, a place. */
export function complaintsAbout({ config, errors, warnings }: ParsedSweep, text?: string): string[] {
  const complaints: string[] = [];
  if ((config === undefined) === (errors.length === 0)) complaints.push("neither config nor errors, or both");
  const lines = text?.split(/\r\n|\r|\n/).length;
  for (const { code, message, line, column } of [...errors, ...warnings]) {
    if (!/^[A-Z][A-Z0-9_]+$/.test(code)) complaints.push(`a code like ${code}`);
    if (message.length < 10 || message.length > 1_500)
      complaints.push(`${code}: a message of ${message.length} characters`);
    if (lines === undefined) continue;
    if (!line || !column || line < 1 || column < 1 || line > lines + 1)
      complaints.push(`${code} stands at ${line}:${column}`);
  }
  return complaints;
}
