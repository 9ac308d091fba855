"use client";

import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { toRunGoal } from "@/app/_lib/sweep-size";
import type { SweepHead } from "@/graphql/operations/pages";
import { formatCount, formatNumber } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { BellIcon } from "@/ui/kit/icons";
import { showToast } from "@/ui/kit/toast";

type News = Pick<SweepHead, "id" | "name" | "state" | "counts" | "metric" | "bestRun" | "runCap" | "size">;

/** How far the sweep is, for whoever has the page in a tab behind others: in its title, and if they ask for it in a notification. */
export function SweepNews({ head }: { head: SweepHead }) {
  useProgressTitle(head);
  useEndNotification(head);
  return isOver(head) ? null : <NotifyButton sweepId={head.id} />;
}

const isOver = ({ state }: News): boolean => state === "finished" || state === "canceled";

/** "12/120 · digits", and a mark when it has ended. */
export function toTitle(head: News): string {
  const { counts, name, state } = head;
  if (isOver(head)) return `${state === "finished" ? "✓" : "✕"} ${name} · Besom`;
  if (counts.total === 0) return `${name} · Besom`;
  const ended = counts.finished + counts.failed + counts.crashed + counts.killed;
  const goal = toRunGoal(head);
  return `${state === "paused" ? "⏸ " : ""}${ended}${goal === undefined ? "" : `/${goal}`} · ${name} · Besom`;
}

function useProgressTitle(head: News): void {
  const title = toTitle(head);
  useEffect(() => {
    // Next writes its own after the first paint, and the next page's before this one has gone.
    let theirs = document.title;
    const write = () => {
      if (document.title === title) return;
      theirs = document.title;
      document.title = title;
    };
    write();
    const observer = new MutationObserver(write);
    observer.observe(document.head, { subtree: true, childList: true, characterData: true });
    return () => {
      observer.disconnect();
      if (document.title === title) document.title = theirs;
    };
  }, [title]);
}

function useEndNotification(head: News): void {
  const before = useRef(head.state);
  const { state } = head;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the state's change is news; the rest is said with it
  useEffect(() => {
    const ended = !isOver({ ...head, state: before.current }) && isOver(head);
    before.current = state;
    if (!ended || !isWanted(head.id) || permission() !== "granted") return;
    setWanted(head.id, false);
    const note = new Notification(`${state === "finished" ? "Finished" : "Canceled"}: ${head.name}`, {
      body: toSummary(head),
      tag: head.id,
    });
    note.onclick = () => {
      window.focus();
      note.close();
    };
  }, [state]);
}

/** "118 runs, 2 failed. Best accuracy 0.9712." */
export function toSummary({ counts, metric, bestRun }: News): string {
  const failed = counts.failed + counts.crashed;
  const runs = `${formatCount(counts.total)} ${counts.total === 1 ? "run" : "runs"}${failed > 0 ? `, ${formatCount(failed)} failed` : ""}.`;
  return metric && bestRun && bestRun.objective !== null
    ? `${runs} Best ${metric.name} ${formatNumber(bestRun.objective)}.`
    : runs;
}

// ------------------------------------------------------------------ asked for

/** Browsers ask for permission only at a click, and on a page that came over HTTPS or from this very machine. */
function NotifyButton({ sweepId }: { sweepId: string }) {
  const wanted = useSyncExternalStore(
    subscribe,
    () => isWanted(sweepId) && permission() === "granted",
    () => false,
  );
  const [busy, setBusy] = useState(false);
  const toggle = async () => {
    if (wanted) return setWanted(sweepId, false);
    setBusy(true);
    const why = await ask();
    setBusy(false);
    if (why) return showToast(why);
    setWanted(sweepId, true);
    showToast("You will be told when this sweep ends, while this page is open");
  };
  return (
    <Button
      weight="bare"
      aria-pressed={wanted}
      disabled={busy}
      onClick={() => void toggle()}
      title="A notification on your desktop when the sweep ends, while this page is open in some tab"
      className="aria-pressed:bg-best-wash aria-pressed:text-best"
    >
      <BellIcon />
      {wanted ? "Will tell you" : "Tell me"}
    </Button>
  );
}

/** @returns why not */
async function ask(): Promise<string | undefined> {
  if (permission() === "absent")
    return "Your browser shows notifications only from https:// and from this machine; the tab's title tells how far it is";
  const answer = permission() === "default" ? await Notification.requestPermission() : permission();
  return answer === "granted"
    ? undefined
    : "Your browser does not allow notifications from here; its settings for this site can";
}

const permission = (): NotificationPermission | "absent" =>
  "Notification" in window && window.isSecureContext ? Notification.permission : "absent";

const listeners = new Set<() => void>();
const keyOf = (sweepId: string) => `besom-notify:${sweepId}`;

function isWanted(sweepId: string): boolean {
  try {
    return localStorage.getItem(keyOf(sweepId)) !== null;
  } catch {
    return false;
  }
}

function setWanted(sweepId: string, wanted: boolean): void {
  try {
    if (wanted) localStorage.setItem(keyOf(sweepId), "1");
    else localStorage.removeItem(keyOf(sweepId));
  } catch {
    // A browser that keeps nothing.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", listener);
  };
}
