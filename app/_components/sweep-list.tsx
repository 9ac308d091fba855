import { toSweepPath } from "@/app/_lib/paths";
import type { SweepLine } from "@/graphql/operations/pages";
import { SWEEP_COLUMNS } from "./sweep-columns";
import { SweepRow } from "./sweep-row";

const HEADS = ["Sweep", "State", "Best", "Best so far", "Runs", "Last result", "Agents"] as const;

/** Sweeps, one a line: how far each is, the best it has found, and what can be done to it. */
export function SweepList(props: { sweeps: readonly SweepLine[]; entity: string; project: string }) {
  const { sweeps, entity, project } = props;
  if (sweeps.length === 0) return null;
  return (
    <table aria-label={`Sweeps of ${entity} / ${project}`} className="block">
      <thead className="max-lg:sr-only lg:block">
        <tr className={`h-9 items-center ${SWEEP_COLUMNS}`}>
          {HEADS.map((head, i) => (
            <th
              key={head}
              scope="col"
              className={`font-medium text-ink-faint text-xs ${i < 5 ? "text-left" : "text-right"}`}
            >
              {head}
            </th>
          ))}
          <th scope="col">
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody className="block">
        {sweeps.map((sweep) => (
          <SweepRow key={sweep.id} sweep={sweep} href={toSweepPath(entity, project, sweep.id)} />
        ))}
      </tbody>
    </table>
  );
}
