import { hasRecentWarning } from "@/db/queries/run-warnings";
import { authorizeRun } from "./authorize";
import { checkId, checkInteger, checkOneOf, checkText } from "./check";
import type { EngineContext } from "./context";
import { runFacts } from "./facts";
import { MAX_MESSAGE, warnRun } from "./warn-run";

export const ALERT_SEVERITIES = ["INFO", "WARN", "ERROR"] as const;

export interface AlertRunInput {
  readonly runId: number;
  readonly attempt: number;
  readonly title: string;
  readonly text: string;
  readonly severity: string;
  /** The same title again within it is not kept. */
  readonly waitMs: number;
}

const MAX_TITLE = 200;
const MAX_WAIT_MS = 366 * 86_400_000;

/**
 * A training program wants somebody to look: a warning of the run, in its own words. Nobody is sent anything.
 * @throws AppError BAD_INPUT, NOT_FOUND, FORBIDDEN, UNAVAILABLE
 */
export async function alertRun(context: EngineContext, input: AlertRunInput): Promise<{ kept: boolean }> {
  const { db } = context;
  const run = await runFacts(db, checkId("runId", input.runId));
  await authorizeRun(context, run, "member");
  const title = checkText("title", input.title, MAX_TITLE);
  const severity = checkOneOf("severity", input.severity, ALERT_SEVERITIES);
  const waitMs = checkInteger("waitMs", input.waitMs, 0, MAX_WAIT_MS);
  const heads = ALERT_SEVERITIES.map((one) => headOf(title, one));
  const known =
    waitMs > 0 &&
    (await hasRecentWarning(db.sql, {
      ...{ runId: run.runId, code: "ALERT" as const, beginnings: heads, withinMs: waitMs },
    }));
  if (known) return { kept: false };
  const message = `${headOf(title, severity)}${input.text}`.slice(0, MAX_MESSAGE);
  await warnRun(context, {
    ...{ runId: run.runId, attempt: input.attempt, warnings: [{ code: "ALERT", message }] },
  });
  return { kept: true };
}

const headOf = (title: string, severity: (typeof ALERT_SEVERITIES)[number]): string =>
  severity === "INFO" ? `${title}: ` : `${title} [${severity}]: `;
