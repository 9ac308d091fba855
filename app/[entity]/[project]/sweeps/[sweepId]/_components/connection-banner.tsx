"use client";

import { useEffect, useState } from "react";
import type { LiveStatus } from "@/app/_live/connection";
import { PulseIcon } from "@/ui/kit/icons";

/** A blink of the network is no news; longer than this is. */
const PATIENCE_MS = 1_500;

/** Lies over the page's lower edge, so that its coming and going moves nothing. */
export function ConnectionBanner({ status }: { status: LiveStatus }) {
  const down = status === "lost" || status === "signed-out";
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
          {status === "lost" ? (
            "Connection lost. What you see is the last known state; reconnecting."
          ) : (
            <span>
              Your session has ended.{" "}
              <a href="/login" className="text-link underline">
                Sign in again
              </a>{" "}
              to go on watching.
            </span>
          )}
        </p>
      )}
    </div>
  );
}
