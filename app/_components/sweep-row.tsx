"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toRunGoal } from "@/app/_lib/sweep-size";
import { type AnsweredControl, CONTROL_LABELS, useSweepControls } from "@/app/_live/use-sweep-controls";
import type { SweepAction } from "@/core/sweep";
import type { SweepLine } from "@/graphql/operations/pages";
import { ProgressStrip } from "@/ui/charts/draw/progress-strip";
import { SparklineChart } from "@/ui/charts/draw/sparkline";
import { prepareProgress } from "@/ui/charts/prepare/progress";
import { prepareSparkline } from "@/ui/charts/prepare/sparkline";
import { formatCount, formatNumber } from "@/ui/format";
import { Ago } from "@/ui/kit/clock";
import {
  ArrowDownIcon,
  ArrowUpIcon,
  BanIcon,
  CopyIcon,
  DotsIcon,
  PauseIcon,
  PlayIcon,
  SquareIcon,
} from "@/ui/kit/icons";
import { Menu } from "@/ui/kit/menu";
import { ConfirmCancel } from "./confirm-cancel";
import { copyText } from "./link-acts";
import { SweepStateChip } from "./state";
import { SWEEP_COLUMNS } from "./sweep-columns";

export function SweepRow({ sweep: drawn, href }: { sweep: SweepLine; href: string }) {
  const router = useRouter();
  // What the server answered holds until it has drawn the list anew.
  const [answered, setAnswered] = useState<{ to: SweepLine; with: AnsweredControl }>();
  const sweep = answered?.to === drawn ? { ...drawn, ...answered.with } : drawn;
  const controls = useSweepControls(sweep, (answer) => {
    setAnswered({ to: drawn, with: answer });
    router.refresh();
  });
  const { state, refusal } = controls;
  const { metric, counts } = sweep;
  const goal = toRunGoal(sweep);
  const alive = sweep.agents.filter((agent) => agent.state === "alive").length;
  const trend = metric ? prepareSparkline(sweep.bestOverTime, metric.goal) : undefined;
  const progress = prepareProgress({
    state,
    counts,
    ...(goal !== undefined && { goal }),
    aliveAgents: alive,
    recentEndsMs: [],
    nowMs: 0,
  });
  return (
    <tr
      className={`relative isolate has-[[aria-expanded=true]]:z-10 items-center gap-y-2 border-line border-t py-3 before:absolute before:-inset-x-3 before:inset-y-0 before:-z-10 before:rounded-lg first:border-t-0 hover:before:bg-sunken lg:first:border-t ${SWEEP_COLUMNS}`}
    >
      <td className="min-w-0">
        <Link
          href={href}
          className="block truncate font-medium after:absolute after:-inset-x-3 after:inset-y-0 after:rounded-lg"
          title={sweep.name}
        >
          {sweep.name}
        </Link>
        <span className="block truncate text-ink-faint text-sm">
          {sweep.method}, created <Ago at={sweep.createdAt} />
        </span>
      </td>
      <td className="max-lg:justify-self-end">
        <span aria-live="polite">
          <SweepStateChip state={state} reason={sweep.stateReason} />
        </span>
      </td>
      <td className="figures flex min-w-0 items-baseline gap-2 lg:block">
        <Best sweep={sweep} over={state === "finished" || state === "canceled"} />
      </td>
      <td className="max-lg:justify-self-end">{trend && <SparklineChart line={trend} />}</td>
      <td className="min-w-0 max-lg:col-span-2">
        <Counts sweep={sweep} text={progress.text} />
        {counts.total > 0 && (
          <div className="mt-1.5 [&_*]:h-1.5!">
            <ProgressStrip progress={progress} />
          </div>
        )}
      </td>
      <td className="text-ink-soft text-sm lg:text-right">
        {sweep.lastResultAt ? (
          <>
            <span className="lg:sr-only">last result </span>
            <Ago at={sweep.lastResultAt} />
          </>
        ) : (
          <span className="text-ink-faint max-lg:hidden">–</span>
        )}
      </td>
      {/* On a phone the menu stands right of it. */}
      <td className="figures text-ink-soft text-sm max-lg:pr-9 lg:text-right">
        <span className={alive === 0 ? "text-ink-faint max-lg:hidden" : ""}>
          {formatCount(alive)}
          <span className="lg:sr-only"> {alive === 1 ? "agent" : "agents"} alive</span>
        </span>
      </td>
      {/* Above the link that covers the row; on a phone in the row of the name. */}
      <td className="relative z-10 justify-self-end max-lg:absolute max-lg:right-0 max-lg:bottom-1">
        <RowMenu sweep={sweep} controls={controls} />
      </td>
      {refusal && (
        <td role="alert" className="col-span-full text-bad text-sm">
          {refusal}
        </td>
      )}
    </tr>
  );
}

function Best({ sweep: { metric, bestRun }, over }: { sweep: SweepLine; over: boolean }) {
  return (
    <>
      {bestRun && bestRun.objective !== null ? (
        <span
          className="block font-semibold text-best"
          title={`${bestRun.objective}, by ${bestRun.displayName}`}
        >
          {formatNumber(bestRun.objective)}
        </span>
      ) : (
        <span className="block whitespace-nowrap text-ink-faint">
          {metric ? (over ? "no result" : "no result yet") : "no metric"}
        </span>
      )}
      {metric && (
        <span
          className="flex min-w-0 items-center gap-1 text-ink-faint text-sm"
          title={`${metric.goal} ${metric.name}`}
        >
          {metric.goal === "minimize" ? <ArrowDownIcon /> : <ArrowUpIcon />}
          <span className="sr-only">{metric.goal}</span>
          <span className="truncate">{metric.name}</span>
        </span>
      )}
    </>
  );
}

/** "12 / 120", and what became of them; nothing where nothing happens. */
function Counts({ sweep: { counts, state }, text }: { sweep: SweepLine; text: string }) {
  const over = state === "finished" || state === "canceled";
  const parts = PARTS.filter(({ state }) => counts[state] > 0).map(({ state, className }) => (
    <span key={state} className={className}>
      {formatCount(counts[state])} {state}
    </span>
  ));
  return (
    <p className="figures flex flex-wrap items-baseline gap-x-3">
      {counts.total === 0 ? (
        <span className="text-ink-faint">{over ? "no runs" : `no runs yet${toOutlook(text)}`}</span>
      ) : (
        <span>{text}</span>
      )}
      <span className="text-ink-faint text-sm">
        {parts.map((part, i) => (i === 0 ? part : [", ", part]))}
      </span>
    </p>
  );
}

/** A word for each state, as on the sweep's page: what crashed did not fail, and what was stopped did neither. */
const PARTS = [
  { state: "finished", className: "" },
  { state: "running", className: "" },
  { state: "failed", className: "text-bad" },
  { state: "crashed", className: "text-crash" },
  { state: "killed", className: "" },
] as const;

/** ", of 120" before the first. */
function toOutlook(text: string): string {
  const [, of] = text.split("/");
  return of === undefined ? "" : `, of ${of.trim()}`;
}

const ICONS = { pause: PauseIcon, resume: PlayIcon, stop: SquareIcon, cancel: BanIcon } as const;

function RowMenu({ sweep, controls }: { sweep: SweepLine; controls: ReturnType<typeof useSweepControls> }) {
  const [asking, setAsking] = useState(false);
  const { actions, pending, act } = controls;
  const choose = (action: SweepAction) => (action === "cancel" ? setAsking(true) : act(action));
  return (
    <>
      <Menu
        floating
        label={`Actions for ${sweep.name}`}
        items={[
          ...(sweep.viewerCanEdit
            ? actions.map((action) => {
                const Icon = ICONS[action];
                return {
                  label: CONTROL_LABELS[action],
                  icon: <Icon />,
                  onSelect: () => choose(action),
                  disabled: pending,
                  danger: action === "cancel",
                };
              })
            : []),
          {
            label: "Copy agent command",
            icon: <CopyIcon />,
            onSelect: () => void copyText(sweep.workerCommand),
          },
        ]}
      >
        <DotsIcon />
      </Menu>
      <ConfirmCancel
        open={asking}
        running={sweep.counts.running}
        onConfirm={() => act("cancel")}
        onClose={() => setAsking(false)}
      />
    </>
  );
}
