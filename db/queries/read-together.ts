import type { Fragment } from "postgres";
import type { Sql, Tx } from "../client";

/** Of long texts that rows bring along. A page of 1,000 rows may have a gigabyte of them, and nobody knows before. */
const MAX_TOGETHER = 100_000_000;

/** A text of a select list; null in the rows from which on the texts of all rows are longer than that. @param size its bytes */
export const readTogether = (sql: Sql | Tx, text: Fragment, size: Fragment): Fragment => sql`
  case when sum(${size}) over (rows unbounded preceding) <= ${MAX_TOGETHER}::int then ${text} end`;
