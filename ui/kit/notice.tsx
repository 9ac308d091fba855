import type { ReactNode } from "react";
import { AlertIcon, CheckIcon, InfoIcon } from "./icons";

type Tone = "plain" | "good" | "warn" | "bad";

const TONES: Readonly<Record<Tone, { ground: string; icon: () => ReactNode }>> = {
  plain: { ground: "border-line bg-sunken text-ink", icon: InfoIcon },
  good: { ground: "border-good-mark bg-good-wash text-good", icon: CheckIcon },
  warn: { ground: "border-best-mark bg-best-wash text-best", icon: AlertIcon },
  bad: { ground: "border-bad-mark bg-bad-wash text-bad", icon: AlertIcon },
};

/** A word that stands in the page until it no longer applies. `live` ones are read out when they appear. */
export function Notice(props: {
  tone?: Tone;
  live?: boolean;
  title?: string;
  children?: ReactNode;
  className?: string;
}) {
  const { tone = "plain", live = false, title, children, className = "" } = props;
  const { ground, icon: Icon } = TONES[tone];
  return (
    <div
      {...(live && { role: tone === "bad" ? "alert" : "status" })}
      className={`flex items-start gap-2.5 rounded-lg border px-3 py-2.5 text-sm ${ground} ${className}`}
    >
      <span className="flex h-5 items-center">
        <Icon />
      </span>
      <div className="min-w-0 grow break-words">
        {title && <p className="font-semibold">{title}</p>}
        {children}
      </div>
    </div>
  );
}
