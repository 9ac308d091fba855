import type { FinishState, RunReason } from "@/core/run";
import type { Exit } from "./supervise";

/** Why we ended the process ourselves. `stale`: somebody else holds the run now. `leaving`: this agent goes. */
export type StopCause = "stopped" | "canceled" | "stale" | "leaving";

export interface Verdict {
  state: FinishState;
  reason?: RunReason;
  exitCode?: number;
  /** One sentence for people. */
  detail?: string;
}

/** What the server is told about the end of a process. `lastWords` is the last thing it wrote to stderr. */
export function toVerdict({ code, signal }: Exit, cause: StopCause | undefined, lastWords?: string): Verdict {
  const exitCode = code === null ? {} : { exitCode: code };
  switch (cause) {
    case "stopped":
      return { state: "killed", reason: "stopped_by_user", detail: "stopped on request", ...exitCode };
    case "canceled":
      return { state: "killed", reason: "sweep_canceled", detail: "the sweep was canceled", ...exitCode };
    case "leaving":
    case "stale":
      return { state: "preempted", reason: "agent_gone", detail: "its agent was told to leave", ...exitCode };
    case undefined:
      break;
  }
  if (signal) return { state: "failed", reason: "signal", detail: toSignalDetail(signal) };
  if (code === 0) return { state: "finished", exitCode: 0 };
  const words = lastWords ? `: ${lastWords.slice(0, 300)}` : "";
  return { state: "failed", reason: "exit_code", detail: `exit code ${code}${words}`, ...exitCode };
}

const toSignalDetail = (signal: NodeJS.Signals): string =>
  signal === "SIGKILL"
    ? "killed by SIGKILL, which nobody here sent: often the kernel, out of memory"
    : `ended by ${signal}`;
