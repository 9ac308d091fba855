"use client";

import { type ReactNode, useEffect, useState } from "react";
import type { LiveStatus } from "@/app/_live/live-status";
import { toSignInHere } from "@/app/_live/sign-in-here";
import { PulseIcon } from "@/ui/kit/icons";

type Trouble = Exclude<LiveStatus, "live" | "connecting">;

/** A blink of the network is no news; longer than this is. */
const PATIENCE_MS = 1_500;

const toWords = (subject: string): Readonly<Record<Trouble, ReactNode>> => ({
  lost: "Connection lost. What you see is the last known state; reconnecting.",
  "signed-out": (
    <>
      Your session has ended. <Way href={toSignInHere()}>Sign in again</Way> to go on watching.
    </>
  ),
  outdated: (
    <>
      The server has changed since you opened this page. <Way href="">Reload</Way> to go on watching.
    </>
  ),
  forbidden: "You may no longer watch this project. What you see is the last known state.",
  gone: `This ${subject} was deleted. What you see is its last known state.`,
});

/** Lies over the page's lower edge, so that its coming and going moves nothing. */
export function ConnectionBanner({ status, subject }: { status: LiveStatus; subject: string }) {
  const down = status !== "live" && status !== "connecting";
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!down) return setLate(false);
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [down]);
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-0 bottom-0 z-40 flex justify-center p-4"
    >
      {down && late && (
        <p className="pointer-events-auto flex items-center gap-2 rounded-lg border border-best-mark bg-best-wash px-4 py-2.5 font-medium text-ink text-sm shadow-(--shadow)">
          <PulseIcon />
          <span>{toWords(subject)[status]}</span>
        </p>
      )}
    </div>
  );
}

function Way({ href, children }: { href: string; children: ReactNode }) {
  return (
    <a href={href} className="text-link underline">
      {children}
    </a>
  );
}
