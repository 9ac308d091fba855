import { DEFAULT_COMMAND } from "@/core/command";
import { resolveProgram } from "../machine/interpreter";

const MACRO = `\${interpreter}`;

/**
 * The command for this machine: `${interpreter}` means python, which many systems call python3 only. Undefined when
 * the command is right as it is.
 */
export function toLocalCommand(
  command: readonly string[] | null,
  { PATH = "" }: Readonly<Record<string, string | undefined>>,
): readonly string[] | undefined {
  const words = command === null || command.length === 0 ? DEFAULT_COMMAND : command;
  if (!words.includes(MACRO) || process.platform === "win32") return undefined;
  if (resolveProgram("python", "/", PATH) || !resolveProgram("python3", "/", PATH)) return undefined;
  return words.map((word) => (word === MACRO ? "python3" : word));
}
