import type { Tx } from "../client";

/**
 * Points of a grid whose only run was deleted go into the queue as new runs: a deletion neither loses nor repeats
 * a point, whichever file of the sweep it came from: while there were runs, its space only grew. (Random draws are not missed, nor is what
 * somebody asked for beyond the grid: parameters outside of it, or a point once more. Where the queue is all there is, nobody but
 * its asker asks again.) Deleted runs are few, so they are looked through one by one. The sweep's row is locked.
 * @returns how many
 */
export async function requeueHoles(tx: Tx, { sweepId }: { sweepId: string }): Promise<number> {
  const rows = await tx`
    with holes as (
      select distinct on (d.point_hash, d.repeat) d.*
      from runs d join sweeps s on s.id = d.sweep_id and s.method = 'grid' and not s.outside
      join sweep_generations g on g.sweep_id = s.id and g.generation = s.generation
      where d.sweep_id = ${sweepId} and d.deleted_at is not null and d.point_hash is not null
        and (d.point_index is not null or d.repeat < coalesce((g.config ->> 'repeats')::int, 1))
        and not exists (select from runs r where r.sweep_id = d.sweep_id and r.point_hash = d.point_hash
          and r.repeat = d.repeat and r.deleted_at is null)
      order by d.point_hash, d.repeat, d.id
      limit (select coalesce(run_cap - run_count, 1000000000) from sweeps where id = ${sweepId})
    ), made as (
      insert into runs (project_id, sweep_id, name, display_name, state, generation, point_index, point_hash, repeat,
        params, queued_at)
      select project_id, sweep_id, left(encode(sha256(concat(id, ':', gen_random_uuid())::bytea), 'hex'), 12),
        display_name, 'pending', generation, point_index, point_hash, repeat, params, clock_timestamp()
      from holes
      returning 1
    )
    update sweeps set run_count = run_count + (select count(*) from made),
      exhausted = coalesce(cursor >= size, false)
        or coalesce(run_count + (select count(*) from made) >= run_cap, false),
      changed_xid = pg_current_xact_id()
    where id = ${sweepId} and exists (select from made)
    returning (select count(*)::int from made) as count`;
  return Number(rows[0]?.count ?? 0);
}
