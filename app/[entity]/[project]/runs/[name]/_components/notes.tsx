"use client";

import { type FormEvent, useState } from "react";
import { toRefusal } from "@/app/_live/refusal";
import { newMutationId, request } from "@/app/_live/request";
import type { RunStore } from "@/app/_live/run-store";
import { NoteRun, type RunHead } from "@/graphql/operations/run-page";
import { Button } from "@/ui/kit/button";
import { TextArea } from "@/ui/kit/field";
import { Panel } from "@/ui/kit/panel";

const MAX_NOTES = 20_000;

/** What somebody wants to remember of it, in plain text. */
export function Notes(props: { head: RunHead; store: RunStore; editable: boolean }) {
  const { head, store, editable } = props;
  const [draft, setDraft] = useState<string>();
  const [refusal, setRefusal] = useState<string>();
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setRefusal(undefined);
    try {
      const { noteRun } = await request(NoteRun, {
        input: { runId: head.id, text: draft ?? "", clientMutationId: newMutationId() },
      });
      if (noteRun.error || !noteRun.run) return setRefusal(noteRun.error?.message ?? "The run is gone.");
      store.answer({ ...store.data().head, notes: noteRun.run.notes });
      setDraft(undefined);
    } catch (error) {
      setRefusal(toRefusal(error).message);
    }
  };
  if (!editable && !head.notes) return null;
  return (
    <Panel
      id="notes"
      title="Notes"
      actions={
        editable &&
        draft === undefined && (
          <Button onClick={() => setDraft(head.notes ?? "")}>{head.notes ? "Edit" : "Write"}</Button>
        )
      }
    >
      {draft === undefined ? (
        head.notes ? (
          <p className="whitespace-pre-wrap break-words text-sm">{head.notes}</p>
        ) : (
          <p className="text-ink-faint">None.</p>
        )
      ) : (
        <form onSubmit={save}>
          <TextArea
            label="Notes, in plain text"
            value={draft}
            rows={6}
            maxLength={MAX_NOTES}
            error={refusal}
            onChange={(event) => setDraft(event.target.value)}
            autoFocus
          />
          <div className="mt-2 flex justify-end gap-2">
            <Button
              onClick={() => {
                setDraft(undefined);
                setRefusal(undefined);
              }}
            >
              Leave it
            </Button>
            <Button type="submit" weight="solid">
              Save
            </Button>
          </div>
        </form>
      )}
    </Panel>
  );
}
