import type { Access } from "@/core/access";
import type { Database } from "@/db/client";

/** What pino's loggers are, and no more. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The way back to the caller, for verbs that answer later. */
export interface CallersLine {
  /** When the caller has gone away. @returns ends the listening */
  onGone(listener: () => void): () => void;
  /** How long the verb has kept it waiting on purpose: no time of the server's. */
  waitedMs: number;
}

/** What a verb knows of its caller. */
export interface EngineContext {
  readonly db: Database;
  readonly access: Access;
  /** The API key of the request as it came. Run keys are derived from it, so that a repeated claim gives the same ones. */
  readonly secret?: string;
  readonly log: Logger;
  /** Absent where there is none, or where it is somebody else's business. */
  readonly line?: CallersLine;
}
