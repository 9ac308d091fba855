import type { Fragment } from "postgres";
import type { Access } from "@/core/access";
import type { Database, Sql } from "../client";
import { visible } from "./visible";

/** Newest runs that are looked through: 20,000 names take 15 ms, and whoever seeks an older run has its sweep's table. */
const MOST_RUNS = 20_000;
const MOST_SWEEPS = 5_000;

export interface Found {
  projectIds: number[];
  sweepIds: string[];
  runIds: number[];
}

/**
 * What is called so: projects, the newest sweeps and the newest runs that may be seen, in whose names or ids all of the words
 * occur, in one statement. What begins with the first word comes first, then the newest.
 */
export async function findByName(
  db: Database,
  access: Access,
  { words, length }: { words: readonly string[]; length: number },
): Promise<Found> {
  const { sql } = db;
  const [found] = await sql<[Found]>`
    select
      array(
        select p.id from projects p join entities e on e.id = p.entity_id
        where ${visible(sql, access, sql`p.id`)} and ${holds(sql, sql`concat(e.name, ' / ', p.name)`, words)}
        order by ${beginsWith(sql, sql`p.name`, words)} desc, p.id desc limit ${length}
      ) as "projectIds",
      array(
        select s.id from (
          select s.id, s.name, s.created_at from sweeps s where ${visible(sql, access, sql`s.project_id`)}
          order by s.created_at desc limit ${MOST_SWEEPS}
        ) s where ${holds(sql, sql`concat(s.name, ' ', s.id)`, words)}
        order by ${beginsWith(sql, sql`s.name`, words)} desc, s.created_at desc limit ${length}
      ) as "sweepIds",
      array(
        select r.id from (
          select r.id, r.name, r.display_name from runs r
          where r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
          order by r.id desc limit ${MOST_RUNS}
        ) r where ${holds(sql, sql`concat(r.display_name, ' ', r.name)`, words)}
        order by ${beginsWith(sql, sql`r.display_name`, words)} desc, r.id desc limit ${length}
      ) as "runIds"`;
  // Ids of runs are bigint, which an array brings as texts.
  return { ...found, runIds: found.runIds.map(Number) };
}

const holds = (sql: Sql, text: Fragment, words: readonly string[]): Fragment =>
  words.reduce<Fragment>(
    (all, word) => sql`${all} and position(lower(${word}::text) in lower(${text})) > 0`,
    sql`true`,
  );

const beginsWith = (sql: Sql, text: Fragment, [word = ""]: readonly string[]): Fragment =>
  sql`starts_with(lower(${text}), lower(${word}::text))`;
