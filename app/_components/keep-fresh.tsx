"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";

/** Lists have no subscription of their own: while someone looks, the server draws them anew this often. */
const EVERY_MS = 4_000;

export function KeepFresh() {
  const router = useRouter();
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") router.refresh();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [router]);
  return null;
}
