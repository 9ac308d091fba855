import type { RunState } from "@/core/run";
import type { SweepState } from "@/core/sweep";
import { Chip, type ChipTone } from "@/ui/kit/chip";
import {
  BanIcon,
  BoltIcon,
  CheckIcon,
  CrossIcon,
  PauseIcon,
  PulseIcon,
  ReturnIcon,
  RingIcon,
  SquareIcon,
} from "@/ui/kit/icons";

interface Look {
  readonly tone: ChipTone;
  readonly icon: () => React.ReactNode;
  readonly label: string;
}

const SWEEP_LOOKS: Readonly<Record<SweepState, Look>> = {
  pending: { tone: "quiet", icon: RingIcon, label: "Waiting" },
  running: { tone: "running", icon: PulseIcon, label: "Running" },
  paused: { tone: "best", icon: PauseIcon, label: "Paused" },
  finished: { tone: "good", icon: CheckIcon, label: "Finished" },
  canceled: { tone: "quiet", icon: BanIcon, label: "Canceled" },
};

const RUN_LOOKS: Readonly<Record<RunState, Look>> = {
  pending: { tone: "quiet", icon: RingIcon, label: "Pending" },
  running: { tone: "running", icon: PulseIcon, label: "Running" },
  finished: { tone: "good", icon: CheckIcon, label: "Finished" },
  failed: { tone: "bad", icon: CrossIcon, label: "Failed" },
  crashed: { tone: "crash", icon: BoltIcon, label: "Crashed" },
  killed: { tone: "quiet", icon: SquareIcon, label: "Killed" },
  preempting: { tone: "running", icon: ReturnIcon, label: "Preempting" },
  preempted: { tone: "quiet", icon: ReturnIcon, label: "Preempted" },
};

/** A reason's code as words: `lease_expired` -> "lease expired". */
const toWords = (reason: string | null): string | undefined => reason?.replaceAll("_", " ");

export function SweepStateChip({ state, reason = null }: { state: SweepState; reason?: string | null }) {
  const { tone, icon: Icon, label } = SWEEP_LOOKS[state];
  return (
    <Chip tone={tone} icon={<Icon />} title={toWords(reason)}>
      {label}
    </Chip>
  );
}

/** `bare` for tables, where a ground in each row would shout. */
export function RunStateChip(props: { state: RunState; reason?: string | null; bare?: boolean }) {
  const { state, reason = null, bare = false } = props;
  const { tone, icon: Icon, label } = RUN_LOOKS[state];
  return (
    <Chip tone={tone} icon={<Icon />} bare={bare} title={toWords(reason)}>
      {label}
    </Chip>
  );
}
