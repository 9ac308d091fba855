import type { AppError, ErrorCode } from "@/core/errors";

/** 0 done, 1 failed, 2 usage, 3 not allowed, 4 server out of reach. Scripts rely on them. */
export const EXIT = { done: 0, failed: 1, usage: 2, notAllowed: 3, unreachable: 4 } as const;

const CODES: Partial<Record<ErrorCode, number>> = {
  BAD_USAGE: EXIT.usage,
  UNAUTHENTICATED: EXIT.notAllowed,
  FORBIDDEN: EXIT.notAllowed,
  SERVER_UNREACHABLE: EXIT.unreachable,
  UNAVAILABLE: EXIT.unreachable,
  DISK_FULL: EXIT.unreachable,
  DATABASE_UNREACHABLE: EXIT.unreachable,
};

export const toExitCode = (error: AppError): number => CODES[error.code] ?? EXIT.failed;

/** What a command that ended well wants to exit with, when that is not 0. */
export class ExitCode {
  value: number = EXIT.done;
  set(value: number): void {
    this.value = value;
  }
}
