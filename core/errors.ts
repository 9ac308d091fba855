/**
 * The closed list of codes that a caller can meet. A code is frozen once it has landed: scripts match on it.
 * The number is the HTTP status that a door without a richer answer uses.
 */
export const ERROR_CODES = {
  // the caller's fault, before anything happened
  BAD_INPUT: 400,
  INPUT_TOO_LARGE: 413,
  QUERY_TOO_LARGE: 400,
  PERSISTED_DOCUMENT_NOT_FOUND: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  NAME_TAKEN: 409,
  NAME_RESERVED: 400,
  RATE_LIMITED: 429,
  // sweep files
  CONFIG_INVALID: 400,
  METHOD_NOT_YET: 400,
  GRID_CONTINUOUS: 400,
  GRID_ENTANGLED: 400,
  CONSTRAINTS_LEAVE_NOTHING: 400,
  // states
  ILLEGAL_MOVE: 409,
  SWEEP_NOT_RUNNING: 409,
  STALE_ATTEMPT: 409,
  AGENT_UNKNOWN: 404,
  IDEMPOTENCY_MISMATCH: 409,
  BATCH_OUT_OF_ORDER: 409,
  ENGINE_CHANGED: 409,
  // ours
  DATABASE_URL_INVALID: 500,
  DATABASE_UNREACHABLE: 503,
  DATABASE_NEWER: 500,
  DATABASE_TOO_OLD: 500,
  DATA_DIR_IN_USE: 500,
  DATA_DIR_VERSION: 500,
  DATA_DIR_UNREACHABLE: 500,
  EMBEDDED_FAILED: 500,
  ARCHIVE_INVALID: 400,
  DATABASE_NOT_EMPTY: 409,
  PORT_IN_USE: 500,
  UNAVAILABLE: 503,
  DISK_FULL: 507,
  // met on a worker's machine
  BAD_USAGE: 400,
  STEP_BACKWARDS: 400,
  SERVER_UNREACHABLE: 503,
  COMMAND_NOT_STARTED: 500,
  FAILING_AT_ONCE: 500,
  TIMED_OUT: 504,
  INTERNAL: 500,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface AppErrorOptions {
  cause?: unknown;
  /** Facts a program can use: the value, where it stood, what was expected. Never a secret. */
  details?: Readonly<Record<string, unknown>>;
}

/** An expected failure: one clear sentence that names the value and what was expected, with a stable code. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, { cause, details = {} }: AppErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return ERROR_CODES[this.code];
  }
}

/** `instanceof` fails across the copies of a module that Next bundles, so the shape decides. */
export function isAppError(error: unknown): error is AppError {
  return (
    error instanceof Error &&
    error.name === "AppError" &&
    "code" in error &&
    String(error.code) in ERROR_CODES
  );
}
