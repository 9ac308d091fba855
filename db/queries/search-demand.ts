import type { Sql, Tx } from "../client";
import { isNews } from "./search-log";
import { ageOf } from "./searches";

/*
 * What searches are asked for. One statement tells it for all sweeps of a server, so that those at rest cost none each.
 */

export interface Demand {
  sweepId: string;
  generation: number;
  /** More of its proposals may be handed out. */
  open: boolean;
  /** The search has a row. */
  known: boolean;
  /** The method had no more to propose when it was asked last. */
  spent: boolean;
  results: number;
  /** Of them, those that were known when the model's best run was judged. */
  winnerResults: number;
  /** Something has happened that the log has not been told, or a proposal has grown too old. */
  news: boolean;
  /** Slots of agents that are alive. */
  slots: number;
  /** Of them, those that hold a run. */
  busy: number;
  /** Proposals that lie ready and are fresh. */
  ready: number;
  /** How many more runs run_cap allows. */
  room: number | null;
  /** Seconds that the last runs took in the middle; null before any has ended. */
  runSeconds: number | null;
}

/** Of one sweep, whatever its method. */
export async function readDemand(sql: Sql | Tx, sweepId: string): Promise<Demand | undefined> {
  const [demand] = await readDemands(sql, sql`s.id = ${sweepId}`);
  return demand;
}

/**
 * Of all sweeps whose method is one of these, and whose agents are alive, or that ended a moment ago.
 * @param more sweeps that are asked about whatever they are
 */
export async function readAllDemands(
  sql: Sql | Tx,
  methods: readonly string[],
  more: readonly string[],
): Promise<Demand[]> {
  return readDemands(
    sql,
    sql`s.method = any(${[...methods]}::text[])
      and (not s.outside or exists (select from searches c where c.sweep_id = s.id)) and (s.finished_at > clock_timestamp() - interval '1 minute'
      or s.id = any(${[...more]}::text[])
      or (s.state in ('pending', 'running')
        and exists (select from agents a where a.sweep_id = s.id and a.state = 'alive')))`,
  );
}

/** Attempts under way have no index by sweep: they are gone through once, and not once a sweep. */
async function readDemands(sql: Sql | Tx, asked: ReturnType<Sql | Tx>): Promise<Demand[]> {
  return sql<Demand[]>`
    with asked as materialized (
      select s.id, s.generation, s.state in ('pending', 'running') and not s.exhausted and not s.outside as open,
        s.run_cap - s.run_count as room
      from sweeps s where ${asked}
    ), busy as materialized (
      select l.sweep_id, count(*)::int as runs from attempts l
      where l.ended_at is null and l.sweep_id in (select id from asked) group by l.sweep_id
    )
    select s.id as "sweepId", s.generation, s.open, c.sweep_id is not null as known, coalesce(c.spent, false) as spent,
      coalesce(c.results, 0) as results, coalesce(c.winner_results, 0) as "winnerResults",
      c.sweep_id is not null and (exists (
        select from suggestions g left join runs r on r.id = g.run_id where g.sweep_id = s.id and ${isNews(sql)}
      ) or a.old or (a.aging and a.fresh > 0)) as news,
      (select coalesce(sum(a.slots), 0)::int from agents a where a.sweep_id = s.id and a.state = 'alive') as slots,
      coalesce(b.runs, 0) as busy,
      a.fresh as ready,
      s.room,
      (select percentile_cont(0.5) within group (order by extract(epoch from t.finished_at - t.started_at))
        from (select r.started_at, r.finished_at from runs r
          where r.sweep_id = s.id and r.finished_at is not null and r.started_at is not null
          order by r.id desc limit 20) t) as "runSeconds"
    from asked s left join searches c on c.sweep_id = s.id left join busy b on b.sweep_id = s.id
    cross join lateral (
      select count(*) filter (where not (old or aging))::int as fresh, coalesce(bool_or(old), false) as old,
        coalesce(bool_or(aging), false) as aging
      from (select ${ageOf(sql, sql`c.results`, sql`coalesce(b.runs, 0)`)} from suggestions g
        where g.sweep_id = s.id and g.state = 'ready' and g.told <> 'ended') ages
    ) a`;
}
