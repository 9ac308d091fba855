"use client";

import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { openLive } from "@/app/_live/connection";
import type { LiveStatus } from "@/app/_live/live-status";
import { ProjectChanged } from "@/graphql/operations/project-page";
import { ConnectionBanner } from "./connection-banner";

/** However many runs come and go: a list drawn anew more often than this is no longer read. */
const REST_MS = 1_500;

/**
 * Keeps a server-drawn list true: whenever one of the projects changes, the server draws the page anew. No subscription
 * tells of a project that is new, so a list that may grow is also drawn anew for whoever comes back to the window.
 */
export function WatchProjects({ ids, mayGrow = false }: { ids: readonly string[]; mayGrow?: boolean }) {
  const router = useRouter();
  const [status, setStatus] = useState<LiveStatus>("connecting");
  const key = ids.join();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let changed = false;
    const draw = () => {
      timer = undefined;
      if (document.visibilityState !== "visible") return;
      changed = false;
      router.refresh();
    };
    const change = () => {
      changed = true;
      timer ??= setTimeout(draw, REST_MS);
    };
    const onVisible = () => changed && change();
    document.addEventListener("visibilitychange", onVisible);
    if (mayGrow) window.addEventListener("focus", change);
    const live = openLive(setStatus);
    for (const id of key === "" ? [] : key.split(",")) {
      let cursor: string | null = null;
      live.subscribe(
        ProjectChanged,
        () => ({ id, cursor }),
        ({ projectChanged }) => {
          // The first one says where the project stands, and the page shows that already.
          if (cursor !== null) change();
          cursor = projectChanged.cursor;
        },
      );
    }
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
      window.removeEventListener("focus", change);
      live.close();
    };
  }, [key, mayGrow, router]);
  return <ConnectionBanner status={status} subject="project" />;
}
