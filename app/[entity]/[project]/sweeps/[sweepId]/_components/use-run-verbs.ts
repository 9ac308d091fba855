"use client";

import { useState } from "react";
import { toRefusal } from "@/app/_live/refusal";
import { newMutationId, request } from "@/app/_live/request";
import type { RunPatch } from "@/app/_live/sweep-store";
import { useSweepView } from "@/app/_live/sweep-view";
import { DeleteRuns, RestoreRuns } from "@/graphql/operations/delete-runs";
import { RetryRuns } from "@/graphql/operations/edit-sweep";
import type { Failure } from "@/graphql/operations/failure";
import { StopRuns } from "@/graphql/operations/many-runs";
import { NoteRun, TagRun } from "@/graphql/operations/run-page";
import { plural } from "@/ui/format";
import { showToast } from "@/ui/kit/toast";

/** Most runs that one request may name. */
const AT_ONCE = 1_000;

export interface RunVerbs {
  /** What is under way, and how far. */
  readonly busy: { readonly text: string; readonly done: number; readonly total: number } | undefined;
  /** Why the last one was refused. */
  readonly refusal: string | undefined;
  forget(): void;
  stop(ids: readonly string[]): Promise<void>;
  retry(ids: readonly string[]): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
  tag(ids: readonly string[], change: { add?: string[]; remove?: string[] }): Promise<void>;
  note(id: string, text: string): Promise<void>;
}

/** What can be done to many runs at once: in requests of a thousand, each done whole or not at all. */
export function useRunVerbs(): RunVerbs {
  const { data, store } = useSweepView();
  const [busy, setBusy] = useState<RunVerbs["busy"]>();
  const [refusal, setRefusal] = useState<string>();

  /** @returns how many it was done to, once it is over or refused */
  const each = async (
    text: string,
    ids: readonly string[],
    send: (runIds: string[]) => Promise<Failure | null>,
  ): Promise<number> => {
    setRefusal(undefined);
    let done = 0;
    try {
      for (; done < ids.length; done = Math.min(ids.length, done + AT_ONCE)) {
        setBusy({ text, done, total: ids.length });
        const failure = await send(ids.slice(done, done + AT_ONCE));
        if (!failure) continue;
        setRefusal(refused(text, failure.message, done, ids.length));
        return done;
      }
    } catch (error) {
      setRefusal(refused(text, toRefusal(error).message, done, ids.length));
    } finally {
      setBusy(undefined);
    }
    return done;
  };
  const say = (done: number, what: string) => {
    if (done > 0) showToast(`${plural(done, "run")} ${what}`);
  };
  const restore = async (ids: readonly string[]) => {
    const done = await each("Restoring", ids, async (runIds) => {
      const input = { runIds, clientMutationId: newMutationId() };
      return (await request(RestoreRuns, { input })).restoreRuns.error;
    });
    say(done, done === 1 ? "is there again" : "are there again");
  };
  const patch = (patches: ReadonlyMap<string, RunPatch>) => store.patchRuns(patches);

  return {
    busy,
    refusal,
    forget: () => setRefusal(undefined),
    async stop(ids) {
      const done = await each("Stopping", ids, async (runIds) => {
        const input = { runIds, clientMutationId: newMutationId() };
        return (await request(StopRuns, { input })).stopRuns.error;
      });
      say(done, "asked to stop");
    },
    async retry(ids) {
      const done = await each("Retrying", ids, async (runIds) => {
        const { done } = await request(RetryRuns, { input: { runIds, clientMutationId: newMutationId() } });
        return done.error;
      });
      say(done, "in the queue again");
    },
    async remove(ids) {
      const done = await each("Deleting", ids, async (runIds) => {
        const input = { runIds, clientMutationId: newMutationId() };
        return (await request(DeleteRuns, { input })).deleteRuns.error;
      });
      if (done > 0)
        showToast(`${plural(done, "run")} deleted`, {
          action: { label: "Undo", onSelect: () => void restore(ids.slice(0, done)) },
        });
    },
    async tag(ids, { add = [], remove = [] }) {
      const done = await each("Tagging", ids, async (runIds) => {
        const takeBack = patch(
          new Map(
            runIds.map((id) => {
              const tags = data.rows.get(id)?.tags ?? [];
              return [id, { tags: [...new Set([...tags.filter((tag) => !remove.includes(tag)), ...add])] }];
            }),
          ),
        );
        try {
          const { tagRun } = await request(TagRun, {
            input: {
              runIds,
              ...(add.length > 0 && { add }),
              ...(remove.length > 0 && { remove }),
              clientMutationId: newMutationId(),
            },
          });
          if (tagRun.error) takeBack();
          return tagRun.error;
        } catch (error) {
          takeBack();
          throw error;
        }
      });
      if (ids.length > 1) say(done, "tagged");
    },
    async note(id, text) {
      await each("Writing", [id], async () => {
        const takeBack = patch(new Map([[id, { notes: text || null }]]));
        try {
          const { noteRun } = await request(NoteRun, {
            input: { runId: id, text, clientMutationId: newMutationId() },
          });
          if (noteRun.error) takeBack();
          return noteRun.error;
        } catch (error) {
          takeBack();
          throw error;
        }
      });
    },
  };
}

function refused(text: string, why: string, done: number, total: number): string {
  const before = done > 0 ? ` The first ${done} of ${total} are done.` : "";
  return `${text} was refused: ${why}${before}`;
}
