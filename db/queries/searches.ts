import type { Sql, Tx } from "../client";

/*
 * A search and its suggestions (design section 6); its log stands in search-log.ts. One server at a time holds a search, by a lease in its row;
 * only the holder writes the log. Locks are taken in the order sweep, search, suggestions. A claim takes ready suggestions under the
 * lock of its sweep alone, and that of the search only where those do not suffice; the holder, who has the search, never waits
 * for a suggestion that a claim has.
 */

export interface SearchRow {
  sweepId: string;
  generation: number;
  logLength: number;
  results: number;
  foreigners: number;
  spent: boolean;
  /** How many results there were when the winner was found. */
  winnerResults: number;
}

const columns = (sql: Sql | Tx) => sql`
  sweep_id as "sweepId", generation, log_length as "logLength", results, foreigners, spent,
  winner_results as "winnerResults"`;

/**
 * Makes sure that the row is there to be held, for the configuration in force: when another one is put in force at this
 * moment, the sweep's row is waited for, and nothing is done. The log begins with the runs of before.
 */
export async function ensureSearch(
  sql: Sql | Tx,
  { sweepId, generation }: { sweepId: string; generation: number },
): Promise<void> {
  await sql`
    with made as (
      insert into searches (sweep_id, generation, log_length, results, foreigners)
      select s.id, s.generation, s.priors, s.priors, s.priors from sweeps s
      where s.id = ${sweepId} and s.generation = ${generation}
        and not exists (select from searches c where c.sweep_id = s.id)
      for share of s
      on conflict (sweep_id) do nothing
      returning sweep_id
    )
    insert into search_events (sweep_id, position, kind, number, details)
    select p.sweep_id, -1 - p.number, 'prior', p.number, p.details
    from prior_runs p join made on made.sweep_id = p.sweep_id`;
}

/**
 * For this statement's own commit: nobody waits for the disk for the sake of a lease. After a crash of the database one that is
 * forgotten has lapsed, and one that is remembered lapses; each write of its holder asks first.
 */
const unflushed = (sql: Sql) => sql`unflushed as (select set_config('synchronous_commit', 'off', true))`;

/** @returns undefined while another server has it, or when the sweep has no search */
export async function holdSearch(
  sql: Sql,
  { sweepId, holder, leaseMs }: { sweepId: string; holder: string; leaseMs: number },
): Promise<SearchRow | undefined> {
  const rows = await sql<SearchRow[]>`
    with ${unflushed(sql)}
    update searches set holder = ${holder},
      holder_until = clock_timestamp() + ${leaseMs}::float8 * interval '1 ms'
    from unflushed where sweep_id = ${sweepId} and (holder is null or holder = ${holder} or holder_until < clock_timestamp())
    returning ${columns(sql)}`;
  return rows[0];
}

/** If it is still this holder's. One row a statement: several would all wait for the one that a claim has locked. */
export async function renewHold(
  sql: Sql,
  { sweepId, holder, leaseMs }: { sweepId: string; holder: string; leaseMs: number },
): Promise<void> {
  await sql`
    with ${unflushed(sql)}
    update searches set holder_until = clock_timestamp() + ${leaseMs}::float8 * interval '1 ms'
    from unflushed where sweep_id = ${sweepId} and holder = ${holder}`;
}

export async function releaseSearch(
  sql: Sql,
  { sweepId, holder }: { sweepId: string; holder: string },
): Promise<void> {
  await sql`
    with ${unflushed(sql)}
    update searches set holder = null, holder_until = null from unflushed
    where sweep_id = ${sweepId} and holder = ${holder}`;
}

/** For the holder's own writes. @returns undefined when somebody else has taken over, or the configuration is another */
export async function lockHeldSearch(
  tx: Tx,
  { sweepId, holder, generation }: { sweepId: string; holder: string; generation: number },
): Promise<SearchRow | undefined> {
  const rows = await tx<SearchRow[]>`
    select ${columns(tx)} from searches
    where sweep_id = ${sweepId} and holder = ${holder} and generation = ${generation} for no key update`.execute();
  return rows[0];
}

/** For a claim; the sweep's row is locked. */
export async function lockSearch(tx: Tx, sweepId: string): Promise<SearchRow | undefined> {
  const rows = await tx<SearchRow[]>`
    select ${columns(tx)} from searches where sweep_id = ${sweepId} for no key update`;
  return rows[0];
}

/** Without a lock: what it says may be over. */
export async function glanceAtSearch(tx: Tx, sweepId: string): Promise<SearchRow | undefined> {
  const rows = await tx<SearchRow[]>`select ${columns(tx)} from searches where sweep_id = ${sweepId}`;
  return rows[0];
}

export interface ReadySuggestion {
  number: number;
  params: string;
  /** Hex. */
  hash: string;
  repeat: number;
}

/** A model's choice that misses as many results as one in MISSABLE_SHARE of the runs under way is too old. */
export const MISSABLE_SHARE = 4;
/** So young is it fresh all the same. */
export const FRESH_S = 3;

/** Of the results that a choice had seen, and of the runs under way beside it, so many may be newer. */
export const NEWER_SHARE = 0.05;

/**
 * A model's choice is aging when max(1, 5 % of the results it had seen) are newer: it is replaced as soon as another is there, and
 * handed out until then. Whatever is chosen, its run will miss the results of all that is under way beside it: 5 % of those more
 * make it no older, and a choice that misses a quarter more is worth more than one that is waited for, or than none. Then it is
 * too old. What no model chose does not age.
 */
export const ageOf = (sql: Sql | Tx, results: ReturnType<Sql | Tx>, underWay: ReturnType<Sql | Tx>) => sql`
  g.reason = 'model' and ${results} - g.observed
    >= greatest(1, ${NEWER_SHARE}::float8 * g.observed, ${underWay}::float8 / ${MISSABLE_SHARE}) as old,
  g.reason = 'model' and ${results} - g.observed
    >= greatest(1, ${NEWER_SHARE}::float8 * g.observed, ${NEWER_SHARE}::float8 * ${underWay})
    and g.created_at < clock_timestamp() - ${FRESH_S}::float8 * interval '1 second' as aging`;

const isOver = (sql: Sql | Tx) => sql`
  (r.state in ('finished', 'failed', 'crashed', 'killed') and (u.told <> 'lost' or r.state <> 'crashed'))`;
const isUnderWay = (sql: Sql | Tx) => sql`r.state in ('running', 'preempting')`;

/**
 * What may be handed out, what is aging last. Results that no server has told the log yet count as well; there are never more of
 * those than runs under way. The rows are locked: what the holder withdraws at this moment is passed over, and what
 * is read here it leaves alone (`withdrawStale`). So a claim that finds enough never waits for the row of the search, which the
 * holder locks for a good part of its time when many agents are at work.
 */
export async function readReady(tx: Tx, sweepId: string, limit: number): Promise<ReadySuggestion[]> {
  return tx<ReadySuggestion[]>`
    with newer as materialized (
      select c.generation, c.results + (count(*) filter (where ${isOver(tx)}))::int as total,
        count(*) filter (where ${isUnderWay(tx)}) as under_way
      from searches c left join suggestions u on u.sweep_id = c.sweep_id and u.state = 'taken' and u.told <> 'ended'
      left join runs r on r.id = u.run_id
      where c.sweep_id = ${sweepId} group by c.sweep_id
    )
    select g.number, g.params::text as params, encode(g.point_hash, 'hex') as hash, g.repeat
    from suggestions g cross join newer
    cross join lateral (select ${ageOf(tx, tx`newer.total`, tx`newer.under_way`)}) a
    where g.sweep_id = ${sweepId} and g.state = 'ready' and g.told <> 'ended' and g.generation = newer.generation and not a.old
    order by a.aging, g.number limit ${limit} for no key update of g skip locked`.execute();
}

/**
 * Whether more suggestions than these lie ready, however old, or a run was deleted whose point the search will get back: one that
 * the log was told was lost keeps its point for good.
 */
export async function hasMore(tx: Tx, sweepId: string, beyond: number): Promise<boolean> {
  const rows = await tx`
    select from suggestions g left join runs r on r.id = g.run_id
    where g.sweep_id = ${sweepId} and g.told <> 'ended'
      and (g.state = 'ready' or (g.state = 'taken' and g.told <> 'lost' and r.deleted_at is not null))
    offset ${beyond} limit 1`;
  return rows.length > 0;
}

export interface NewSuggestion {
  number: number;
  params: string;
  hash: string;
  repeat: number;
  reason: string;
  observed: number;
  seen: number;
  engineVersion: string;
  mean: number | null;
  sd: number | null;
  acquisition: number | null;
  acquisitionName: string | null;
  /** What it is expected to gain, in the metric's unit. */
  improvement: number | null;
  memory: readonly number[] | null;
  computeMs: number | null;
  state: "ready" | "taken";
  told: "nothing" | "proposed";
}

/** Sent at once, ahead of a commit. */
export async function insertSuggestions(
  tx: Tx,
  { sweepId, generation }: { sweepId: string; generation: number },
  rows: readonly NewSuggestion[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx`
    insert into suggestions (sweep_id, number, generation, params, point_hash, repeat, reason, observed, seen,
      engine_version, mean, sd, acquisition, acquisition_name, improvement, memory, compute_ms, state, told)
    select ${sweepId}, g.number, ${generation}, g.params::jsonb, decode(g.hash, 'hex'), g.repeat, g.reason, g.observed,
      g.seen, g."engineVersion", g.mean, g.sd, g.acquisition, g."acquisitionName", g.improvement, g.memory, g."computeMs", g.state,
      g.told
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as g (number int, params text, hash text, repeat int,
      reason text, observed int, seen int, "engineVersion" text, mean float8, sd float8, acquisition float8,
      "acquisitionName" text, improvement float8, memory jsonb, "computeMs" float8, state text, told text)`.execute();
}

/** Foreign suggestions (fallbacks) get numbers below zero. @returns the first of `count`; the rest follow downwards */
export async function reserveForeigners(tx: Tx, sweepId: string, count: number): Promise<number> {
  const rows = await tx<{ first: number }[]>`
    update searches set foreigners = foreigners + ${count} where sweep_id = ${sweepId}
    returning ${count}::int - foreigners - 1 as first`;
  const first = rows[0]?.first;
  if (first === undefined) throw new Error(`sweep ${sweepId} has no search`);
  return first;
}

/** Their points have runs already (a prior run, a fallback): the holder tells the log. */
export async function withdrawTaken(tx: Tx, sweepId: string, numbers: readonly number[]): Promise<void> {
  await tx`
    update suggestions set state = 'withdrawn'
    where sweep_id = ${sweepId} and number = any(${[...numbers]}::int[])`;
}

/** These are runs now. Sent at once, ahead of a commit. */
export async function takeSuggestions(
  tx: Tx,
  sweepId: string,
  taken: readonly { number: number; runId: number }[],
): Promise<void> {
  await tx`
    update suggestions g set state = 'taken', run_id = t.run_id, taken_at = clock_timestamp()
    from unnest(${taken.map(({ number }) => number)}::int[], ${taken.map(({ runId }) => runId)}::bigint[])
      as t (number, run_id)
    where g.sweep_id = ${sweepId} and g.number = t.number`.execute();
}

/**
 * Ready suggestions that have grown too old, or are aging while others are fresh, gone for good; not those that a claim takes at
 * this moment.
 * @returns their numbers, rising, and how many fresh ones lie ready
 */
export async function withdrawStale(
  tx: Tx,
  { sweepId, generation, results }: Pick<SearchRow, "sweepId" | "generation" | "results">,
): Promise<{ withdrawn: number[]; fresh: number }> {
  const rows = await tx<{ withdrawn: number[]; fresh: number }[]>`
    with beside as materialized (
      select count(*) filter (where ${isUnderWay(tx)}) as under_way from suggestions u join runs r on r.id = u.run_id
      where u.sweep_id = ${sweepId} and u.state = 'taken' and u.told <> 'ended'
    ), aged as materialized (
      select g.number, g.generation <> ${generation} as other, ${ageOf(tx, tx`${results}::int`, tx`beside.under_way`)}
      from suggestions g, beside where g.sweep_id = ${sweepId} and g.state = 'ready' and g.told <> 'ended'
    ), fresh as materialized (
      select count(*)::int as count from aged where not (other or old or aging)
    ), free as materialized (
      select g.number from aged a cross join fresh join suggestions g on g.sweep_id = ${sweepId} and g.number = a.number
      where g.state = 'ready' and (a.other or a.old or (a.aging and fresh.count > 0)) for no key update of g skip locked
    ), gone as (
      update suggestions g set state = 'withdrawn', told = 'ended' from free
      where g.sweep_id = ${sweepId} and g.number = free.number
      returning g.number
    )
    select array(select number from gone order by number) as withdrawn, fresh.count as fresh from fresh`;
  const [answer] = rows;
  return { withdrawn: answer?.withdrawn ?? [], fresh: answer?.fresh ?? 0 };
}

/** By the holder. Sent at once, ahead of a commit. */
export async function noteSearch(
  tx: Tx,
  note: { sweepId: string; spent: boolean; picked: string; why: string },
): Promise<void> {
  await tx`
    update searches set spent = ${note.spent}, picked = ${note.picked}, picked_why = ${note.why}
    where sweep_id = ${note.sweepId}`.execute();
}

/** Everything a search was: for a new configuration before the first run. The sweep's row is locked. */
export async function forgetSearch(tx: Tx, sweepId: string): Promise<void> {
  await tx`select from searches where sweep_id = ${sweepId} for update`;
  await tx`delete from search_events where sweep_id = ${sweepId}`;
  await tx`delete from suggestions where sweep_id = ${sweepId}`;
  await tx`delete from searches where sweep_id = ${sweepId}`;
}

export interface SearchedBy {
  generation: number;
  picked: string | null;
  /** Every engine that proposed under this configuration. */
  versions: string[];
  /** The first proposal that was made under it; null before there is one. */
  first: number | null;
}

/** For a replay. */
export async function readSearch(sql: Sql | Tx, sweepId: string): Promise<SearchedBy | undefined> {
  const rows = await sql<SearchedBy[]>`
    select c.generation, c.picked, array(select distinct g.engine_version from suggestions g
      where g.sweep_id = c.sweep_id and g.number >= 0 and g.generation = c.generation order by 1) as versions,
      (select min(g.number) from suggestions g
        where g.sweep_id = c.sweep_id and g.number >= 0 and g.generation = c.generation) as first
    from searches c where c.sweep_id = ${sweepId}`;
  return rows[0];
}
