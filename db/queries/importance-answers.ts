import type { Sql } from "../client";

/*
 * What matters in a sweep, as some server has computed it. A row is one question: its last answer, and who is at the next one.
 * The claim is a lease by the database's clock, which its holder renews while it computes: a server that dies is replaced when the
 * lease is over, and one that wakes up after that finds another's name and writes nothing.
 */

export interface AnswerKey {
  readonly sweepId: string;
  /** Hex of SHA-256. */
  readonly question: string;
}

/** What an answer was made from, and by which program. */
export interface AnswerOf {
  readonly version: string;
  readonly engine: number;
}

export interface KnownAnswer {
  /** Of exactly these results; null when there is none. */
  answer: string | null;
  /** Until somebody else's claim runs out, 0 when nobody is at it. */
  busyMs: number;
  /** Until the next answer may be computed: results that come all the time would keep a thread busy for ever. */
  restMs: number;
}

const leftMs = (sql: Sql, until: ReturnType<Sql>) =>
  sql`greatest(0, coalesce(extract(epoch from ${until} - clock_timestamp()) * 1000, 0))::float8`;

export async function readKnownAnswer(
  sql: Sql,
  { sweepId, question }: AnswerKey,
  { version, engine, restMs }: AnswerOf & { restMs: number },
): Promise<KnownAnswer> {
  const rows = await sql<KnownAnswer[]>`
    select case when a.version = ${version} and a.engine = ${engine}::int then a.answer end as answer,
      ${leftMs(sql, sql`a.holder_until`)} as "busyMs",
      case when a.engine = ${engine}::int
        then ${leftMs(sql, sql`(a.computed_at + ${restMs}::float8 * interval '1 ms')`)} else 0 end as "restMs"
    from importance_answers a where a.sweep_id = ${sweepId} and a.question = decode(${question}, 'hex')`;
  return rows[0] ?? { answer: null, busyMs: 0, restMs: 0 };
}

export interface ClaimedAnswer {
  /** Of the last answer, hex; null where it is of no use. */
  digest: string | null;
  answer: string | null;
}

/** @returns undefined when another server is at it, or has answered meanwhile */
export async function claimAnswer(
  sql: Sql,
  { sweepId, question }: AnswerKey,
  { version, engine, restMs }: AnswerOf & { restMs: number },
  { holder, leaseMs }: { holder: string; leaseMs: number },
): Promise<ClaimedAnswer | undefined> {
  const rows = await sql<ClaimedAnswer[]>`
    insert into importance_answers as a (sweep_id, question, holder, holder_until)
    values (${sweepId}, decode(${question}, 'hex'), ${holder}, clock_timestamp() + ${leaseMs}::float8 * interval '1 ms')
    on conflict (sweep_id, question) do update set holder = excluded.holder, holder_until = excluded.holder_until
    where (a.holder_until is null or a.holder_until <= clock_timestamp() or a.holder = excluded.holder)
      and (a.version is distinct from ${version} or a.engine is distinct from ${engine}::int)
      and (a.computed_at is null or a.engine is distinct from ${engine}::int
        or a.computed_at <= clock_timestamp() - ${restMs}::float8 * interval '1 ms')
    returning case when a.engine = ${engine}::int then encode(a.digest, 'hex') end as digest, a.answer`;
  return rows[0];
}

/** @returns false when the claim is another's by now */
export async function renewClaim(
  sql: Sql,
  { sweepId, question }: AnswerKey,
  { holder, leaseMs }: { holder: string; leaseMs: number },
): Promise<boolean> {
  const rows = await sql`
    update importance_answers set holder_until = clock_timestamp() + ${leaseMs}::float8 * interval '1 ms'
    where sweep_id = ${sweepId} and question = decode(${question}, 'hex') and holder = ${holder} returning 1`;
  return rows.length > 0;
}

/** The answer (null: one too long to be kept), by who still holds the claim, which ends with it. The sweep keeps its `most` newest answers. */
export async function storeAnswer(
  sql: Sql,
  { sweepId, question }: AnswerKey,
  {
    holder,
    version,
    engine,
    digest,
    answer,
  }: AnswerOf & { holder: string; digest: string; answer: string | null },
  most: number,
): Promise<void> {
  await sql`
    update importance_answers set version = ${answer === null ? null : version}, engine = ${engine}, digest = decode(${digest}, 'hex'),
      answer = ${answer}, computed_at = clock_timestamp(), holder = null, holder_until = null
    where sweep_id = ${sweepId} and question = decode(${question}, 'hex') and holder = ${holder}`;
  // What another server locks at this moment it keeps or removes itself.
  await sql`
    delete from importance_answers a using (
      select o.question from importance_answers o
      where o.sweep_id = ${sweepId} and (o.holder_until is null or o.holder_until <= clock_timestamp())
      order by o.computed_at desc nulls last, o.question offset ${most} for update skip locked
    ) old where a.sweep_id = ${sweepId} and a.question = old.question`;
}

/** Gives a claim back without an answer. */
export async function releaseClaim(
  sql: Sql,
  { sweepId, question }: AnswerKey,
  holder: string,
): Promise<void> {
  const own = sql`sweep_id = ${sweepId} and question = decode(${question}, 'hex') and holder = ${holder}`;
  await sql`delete from importance_answers where ${own} and computed_at is null`;
  await sql`update importance_answers set holder = null, holder_until = null where ${own}`;
}
