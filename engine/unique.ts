import { type PostgresError, postgres } from "@/db/driver";

/** Breaks off because a row with that key is there already; `constraint_name` says which key. */
export const isUniqueViolation = (error: unknown): error is PostgresError & { constraint_name: string } =>
  error instanceof postgres.PostgresError && error.code === "23505";
