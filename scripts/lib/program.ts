import { toExitCode } from "@/agent/exit-code";
import { isAppError } from "@/core/errors";

/** A small program around one function: what it throws becomes one sentence and an exit code. */
export async function runMain(
  body: (words: string[], json: boolean) => Promise<number | undefined>,
): Promise<void> {
  const words = process.argv.slice(2);
  try {
    process.exitCode =
      (await body(
        words.filter((word) => word !== "--json"),
        words.includes("--json"),
      )) ?? 0;
  } catch (error) {
    if (!isAppError(error)) throw error;
    console.error(`besom: ${error.message}`);
    process.exitCode = toExitCode(error);
  }
}

export const say = (message: string): void => console.error(message);
