import type { ReactNode } from "react";

export type ChipTone = "good" | "running" | "bad" | "crash" | "quiet" | "best";

const TONES: Readonly<Record<ChipTone, string>> = {
  good: "bg-good-wash text-good",
  running: "bg-running-wash text-running",
  bad: "bg-bad-wash text-bad",
  crash: "bg-crash-wash text-crash",
  quiet: "bg-quiet-wash text-quiet",
  best: "bg-best-wash text-best",
};

/** Says a state by word, icon and colour at once. `bare` drops the ground, for tables. */
export function Chip(props: {
  tone: ChipTone;
  icon: ReactNode;
  children: ReactNode;
  bare?: boolean;
  title?: string;
}) {
  const { tone, icon, children, bare = false, title } = props;
  const ground = bare ? TONES[tone].split(" ")[1] : `${TONES[tone]} px-2 py-0.5 rounded-full`;
  return (
    <span
      title={title}
      className={`inline-flex w-fit items-center gap-1.5 align-middle whitespace-nowrap font-medium text-xs ${ground}`}
    >
      {icon}
      {children}
    </span>
  );
}
