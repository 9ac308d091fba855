"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { type Charted, MetricCharts } from "@/app/_components/metric-charts";
import { RunStateChip } from "@/app/_components/state";
import { MOST_COMPARED, toAttributes } from "@/app/_lib/compare";
import { toComparePath, toProjectPath, toRunPath } from "@/app/_lib/paths";
import { createPointedStore, usePointed } from "@/app/_live/pointed";
import { useSlots } from "@/app/_live/use-histories";
import { AddressContext, createAddressStore, FLAG, TEXT, useAddress, useParam } from "@/app/_live/use-param";
import { isActive } from "@/core/run";
import type { ComparedRun } from "@/graphql/operations/charts";
import { LineSign } from "@/ui/charts/draw/lines-legend";
import type { PointedStore } from "@/ui/charts/draw/pointed";
import { type ComparedRow, compareRuns } from "@/ui/charts/prepare/compare";
import { plural } from "@/ui/format";
import { CutName } from "@/ui/kit/cut-name";
import { Empty } from "@/ui/kit/empty";
import { CrossIcon } from "@/ui/kit/icons";
import { Notice } from "@/ui/kit/notice";
import { Panel } from "@/ui/kit/panel";
import { Scroll } from "@/ui/kit/scroll";
import { BareSelect } from "@/ui/kit/select";
import { Toggle } from "@/ui/kit/toggle";
import { AddRun } from "./add-run";

interface Props {
  entity: string;
  project: string;
  runs: readonly ComparedRun[];
  /** Names in the address that no run has. */
  missing: readonly string[];
  search: string;
}

export function Compare(props: Props) {
  const [address] = useState(() => createAddressStore(props.search));
  const router = useRouter();
  useEffect(() => address.follow(), [address]);
  // A link that adds or takes out a run is Next's own: settings that change afterwards must not bring the old ones back.
  const named = new URLSearchParams(props.search).get("runs") ?? undefined;
  useEffect(() => address.set({ runs: named }, "replace"), [address, named]);
  // Nothing here is live; whoever comes back to the window sees how it stands by now.
  useEffect(() => {
    const refresh = () => router.refresh();
    window.addEventListener("focus", refresh);
    return () => window.removeEventListener("focus", refresh);
  }, [router]);
  return (
    <AddressContext value={address}>
      <Shown {...props} />
    </AddressContext>
  );
}

function Shown({ entity, project, runs, missing }: Props) {
  const [pointed] = useState(createPointedStore);
  const slots = useSlots(runs.map(({ id }) => id));
  const [reference, setReference] = useParam("ref", TEXT);
  const [onlyDifferences, setOnlyDifferences] = useParam("diff", FLAG);
  const at = runs.findIndex(({ name }) => name === reference);
  const sections = useMemo(
    () => compareRuns(toAttributes(runs), { reference: at === -1 ? undefined : at, onlyDifferences }),
    [runs, at, onlyDifferences],
  );
  const names = runs.map(({ name }) => name);
  const toHref = useLinks(entity, project);
  const metrics = useMemo(
    () => [...new Set(runs.flatMap(({ summary }) => summary.map(({ name }) => name)))],
    [runs],
  );
  const objective = runs.find(({ sweep }) => sweep?.metric)?.sweep?.metric?.name;
  const signature = JSON.stringify(runs.map(({ id, state }) => [id, isActive(state)]));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text is what it says; names do not change
  const charted = useMemo(() => runs.map((run) => toCharted(run, entity, project)), [signature]);
  return (
    <>
      <header className="mt-6 flex flex-wrap items-end gap-x-6 gap-y-3">
        <div className="grow">
          <h1 className="font-semibold text-xl tracking-tight">Compare runs</h1>
          <p className="mt-1 text-ink-soft">
            {runs.length === 0 ? "No run yet" : plural(runs.length, "run")} of {project}
            {runs.length >= MOST_COMPARED && `, as many as fit side by side`}
          </p>
        </div>
        {runs.length < MOST_COMPARED && (
          <AddRun entity={entity} project={project} names={names} toHref={toHref} />
        )}
      </header>
      {missing.length > 0 && (
        <Notice tone="warn" className="mt-4">
          No run here is called {missing.join(", ")}.
        </Notice>
      )}
      {runs.length === 0 ? (
        <div className="mt-8">
          <Empty title="Nothing to compare yet">
            Add a run by a part of its name, or tick runs in a table and choose Compare.
          </Empty>
        </div>
      ) : (
        <>
          <Panel
            id="attributes"
            title="Side by side"
            className="mt-8"
            actions={
              <>
                <BareSelect
                  label="Reference run"
                  className="w-48"
                  value={at === -1 ? "" : reference}
                  onChange={({ target }) => setReference(target.value)}
                  choices={[
                    { value: "", label: "No reference run" },
                    ...runs.map(({ name, displayName }) => ({
                      value: name,
                      label: `Against ${displayName}`,
                    })),
                  ]}
                />
                <Toggle pressed={onlyDifferences} onToggle={setOnlyDifferences}>
                  Differences only
                </Toggle>
              </>
            }
          >
            <Scroll
              label="Runs side by side"
              className="w-fit max-w-full rounded-lg border border-line bg-surface"
            >
              <table className="border-separate border-spacing-0 text-left text-sm">
                <thead>
                  <tr>
                    <th scope="col" className={`${PINNED} bg-sunken text-ink-faint text-xs`}>
                      <span className="sr-only">Attribute</span>
                    </th>
                    {runs.map((run) => (
                      <Head
                        key={run.id}
                        run={run}
                        slot={slots.get(run.id) ?? 0}
                        href={toRunPath(entity, project, run.name)}
                        without={toHref(names.filter((name) => name !== run.name))}
                        pointed={pointed}
                      />
                    ))}
                  </tr>
                </thead>
                {sections.map((section) => (
                  <tbody key={section.name}>
                    <tr>
                      <th
                        scope="rowgroup"
                        className={`${PINNED} border-line border-t bg-sunken font-semibold text-xs`}
                      >
                        {section.name}
                      </th>
                      <td
                        colSpan={runs.length}
                        className="figures border-line border-t bg-sunken px-3 text-ink-faint text-xs"
                      >
                        {onlyDifferences &&
                          section.alike > 0 &&
                          `${plural(section.alike, "row")} alike in all`}
                      </td>
                    </tr>
                    {section.rows.map((row) => (
                      <Row key={row.name} row={row} runs={runs} reference={at} />
                    ))}
                  </tbody>
                ))}
              </table>
            </Scroll>
          </Panel>
          <Panel id="curves" title="Metrics" note={plural(metrics.length, "metric")} className="mt-10">
            <MetricCharts metrics={metrics} objective={objective} charted={charted} pointed={pointed} />
          </Panel>
        </>
      )}
    </>
  );
}

/** The page with other runs, and all else that stands in its address. */
function useLinks(entity: string, project: string): (names: readonly string[]) => string {
  const address = useAddress();
  const search = useSyncExternalStore(address.subscribe, address.search, address.search);
  return (names) => {
    const rest = new URLSearchParams(search);
    rest.delete("runs");
    const more = rest.toString();
    return `${toComparePath(toProjectPath(entity, project), names)}${more === "" ? "" : `&${more}`}`;
  };
}

/** The names of the rows stay where they are while runs scroll by. */
const PINNED = "sticky left-0 z-10 w-40 min-w-32 max-w-40 px-3 py-1.5 text-left sm:w-56 sm:max-w-56";

const toCharted = (run: ComparedRun, entity: string, project: string): Charted => ({
  key: run.id,
  label: run.displayName,
  runIds: [run.id],
  active: isActive(run.state),
  href: toRunPath(entity, project, run.name),
});

function Head(props: {
  run: ComparedRun;
  slot: number;
  href: string;
  without: string;
  pointed: PointedStore;
}) {
  const { run, slot, href, without, pointed } = props;
  const on = usePointed(pointed, ({ runId }) => runId === run.id);
  return (
    <th
      scope="col"
      onPointerEnter={() => pointed.set({ runId: run.id })}
      onPointerLeave={() => pointed.set({})}
      className={`min-w-40 max-w-56 px-3 py-2 align-top font-normal ${on ? "bg-best-wash" : "bg-sunken"}`}
    >
      <span className="flex items-center gap-1.5">
        <LineSign slot={slot} />
        <Link
          href={href}
          prefetch={false}
          title={run.displayName}
          className="flex min-h-6 min-w-0 grow items-center font-medium text-link underline-offset-2 hover:underline"
        >
          <CutName text={run.displayName} />
        </Link>
        <Link
          href={without}
          scroll={false}
          prefetch={false}
          aria-label={`Take ${run.displayName} out`}
          className="inline-flex size-6 shrink-0 items-center justify-center rounded text-ink-soft hover:bg-surface hover:text-ink"
        >
          <CrossIcon />
        </Link>
      </span>
      <RunStateChip state={run.state} reason={run.stateReason} bare />
    </th>
  );
}

function Row({
  row,
  runs,
  reference,
}: {
  row: ComparedRow;
  runs: readonly ComparedRun[];
  reference: number;
}) {
  return (
    <tr data-differs={row.differs}>
      <th
        scope="row"
        className={`${PINNED} wrap-anywhere border-line border-t bg-surface font-medium ${row.differs ? "" : "text-ink-faint"}`}
      >
        {row.name}
      </th>
      {row.values.map((value, i) => (
        <td
          key={runs[i]?.id}
          title={value?.title}
          className={`wrap-anywhere max-w-56 border-line border-t px-3 py-1.5 ${i === reference ? "bg-sunken" : ""} ${
            row.differs ? "" : "text-ink-faint"
          } ${value?.number === undefined ? "" : "figures text-right"}`}
        >
          {value?.text ?? <span className="text-ink-faint">–</span>}
          {row.differences[i] !== undefined && (
            <span className="block text-ink-faint text-xs">{row.differences[i]}</span>
          )}
        </td>
      ))}
    </tr>
  );
}
