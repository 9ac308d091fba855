"use client";

import { useEffect, useRef, useState } from "react";
import { MediaAt, type MediaEntry, MediaSteps } from "@/graphql/operations/run-media";
import type { RunHead } from "@/graphql/operations/run-page";
import { request } from "./request";
import { AGAIN_MS, useWhenChanged } from "./use-when-changed";

export interface SeenMedia {
  /** Those that can be chosen; undefined before the first answer. */
  readonly steps: readonly number[] | undefined;
  /** How many there are. */
  readonly total: number;
  /** What is shown: while another step is on its way, what was. */
  readonly entry: MediaEntry | undefined;
  /** The one that is wanted; the last one, also as further ones come, until somebody chooses. */
  readonly step: number | undefined;
  choose(step: number | undefined): void;
  readonly failed: boolean;
}

/** A slider passes many steps on its way. */
const REST_MS = 80;
/** A file comes some seconds after it was logged (wandb's client sends each 15 s); one that has not come in so many tries may never come. */
const MOST_TRIES = 20;
/** They end after one to two hours. */
const ADDRESSES_MS = 50 * 60_000;

/** What one run logged under one name of pictures and the like, while somebody is near. */
export function useMedia(head: RunHead, key: string, near: boolean): SeenMedia {
  const { id } = head;
  const [found, setFound] = useState<{ steps: readonly number[]; total: number }>();
  const [chosen, choose] = useState<number>();
  const [shown, setShown] = useState<{ entry: MediaEntry; at: number }>();
  const [failed, setFailed] = useState(false);
  const [tries, setTries] = useState(0);
  useWhenChanged(
    head,
    near,
    (signal) =>
      request(MediaSteps, { id, key }, signal).then(
        ({ run }) => {
          setFailed(false);
          const [media] = run?.media ?? [];
          if (media) setFound((known) => (isSame(known, media) ? known : media));
        },
        () => signal.aborted || setFailed(true),
      ),
    tries,
  );
  const step = chosen ?? found?.steps.at(-1);
  const entry = shown?.entry;
  const waits = entry?.items.some(({ path, url }) => path !== null && url === null) ?? false;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another try is a reason to ask, what came is none
  useEffect(() => {
    if (!near || step === undefined) return;
    // Whoever scrolls away and back finds what was there, as long as its addresses are good.
    if (entry?.step === step && !waits && performance.now() - (shown?.at ?? 0) < ADDRESSES_MS) return;
    const left = new AbortController();
    const timer = setTimeout(() => {
      request(MediaAt, { id, key, step }, left.signal).then(
        ({ run }) => {
          setFailed(false);
          const [found] = run?.media[0]?.entries ?? [];
          if (found) setShown({ entry: found, at: performance.now() });
        },
        () => left.signal.aborted || setFailed(true),
      );
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      left.abort();
    };
  }, [id, key, step, near, tries]);
  const spent = useRef({ step, count: 0 });
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each try there is another one
  useEffect(() => {
    if (!near || !(waits || failed)) return;
    // Each step's files are waited for anew: a run that logs for days has many of them.
    if (spent.current.step !== step) spent.current = { step, count: 0 };
    if (waits && !failed && ++spent.current.count > MOST_TRIES) return;
    const timer = setTimeout(() => setTries((count) => count + 1), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [near, waits, failed, step, tries]);
  // Whoever leaves the page open finds addresses that are good.
  useEffect(() => {
    if (!near || shown === undefined) return;
    const restMs = shown.at + ADDRESSES_MS + REST_MS - performance.now();
    const timer = setTimeout(() => setTries((count) => count + 1), Math.max(0, restMs));
    return () => clearTimeout(timer);
  }, [near, shown]);
  return { steps: found?.steps, total: found?.total ?? 0, entry, step, choose, failed };
}

const isSame = (
  known: { total: number; steps: readonly number[] } | undefined,
  next: typeof known,
): boolean => known?.total === next?.total && known?.steps.at(-1) === next?.steps.at(-1);
