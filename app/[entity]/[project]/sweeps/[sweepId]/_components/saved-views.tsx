"use client";

import { type FormEvent, useEffect, useState } from "react";
import { toRefusal } from "@/app/_live/refusal";
import { newMutationId, request } from "@/app/_live/request";
import { useSweepView } from "@/app/_live/sweep-view";
import { useAddress } from "@/app/_live/use-param";
import { DeleteView, type SavedView, SaveView, SweepViews } from "@/graphql/operations/views";
import { Button } from "@/ui/kit/button";
import { Dialog } from "@/ui/kit/dialog";
import { TextField } from "@/ui/kit/field";
import { showToast } from "@/ui/kit/toast";

/** What is only of the moment, and no part of a view. */
const OF_THE_MOMENT = ["sel"];

/** Addresses of this page under names, for everybody who sees it: filters, columns, charts, the tab. */
export function SavedViews() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button weight="bare" onClick={() => setOpen(true)} className="max-sm:px-1.5">
        Views
      </Button>
      <Dialog open={open} title="Saved views" onClose={() => setOpen(false)}>
        <Views onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function Views({ onDone }: { onDone: () => void }) {
  const { data } = useSweepView();
  const { id, viewerCanEdit } = data.head;
  const address = useAddress();
  const [views, setViews] = useState<readonly SavedView[]>();
  const [name, setName] = useState("");
  const [refusal, setRefusal] = useState<string>();

  const attempt = async (act: () => Promise<{ message: string } | null | undefined>): Promise<boolean> => {
    setRefusal(undefined);
    try {
      const failure = await act();
      if (failure) setRefusal(failure.message);
      const { sweep } = await request(SweepViews, { id });
      setViews(sweep?.views ?? []);
      return !failure;
    } catch (error) {
      setRefusal(toRefusal(error).message);
      return false;
    }
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once, when the list opens
  useEffect(() => {
    void attempt(async () => null);
  }, []);

  const search = () => {
    const params = new URLSearchParams(address.search());
    for (const key of OF_THE_MOMENT) params.delete(key);
    return params.toString();
  };
  const save = (called: string, what: string) =>
    attempt(async () => {
      const input = { sweepId: id, name: called, search: what, clientMutationId: newMutationId() };
      return (await request(SaveView, { input })).saveView.error;
    });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const called = name.trim();
    if (called === "" || !(await save(called, search()))) return;
    setName("");
    showToast(`Saved as "${called}"`);
  };
  const show = (view: SavedView) => {
    const changes: Record<string, string | undefined> = {};
    for (const key of new URLSearchParams(address.search()).keys()) changes[key] = undefined;
    for (const [key, text] of new URLSearchParams(view.search)) changes[key] = text;
    address.set(changes, "push");
    onDone();
  };
  const copy = async (view: SavedView) => {
    try {
      await navigator.clipboard.writeText(`${location.origin}${location.pathname}?${view.search}`);
      showToast("The link is copied");
    } catch {
      setRefusal("This browser lets nothing be copied here; open the view and take its address.");
    }
  };
  const remove = async (view: SavedView) => {
    const done = await attempt(async () => {
      const input = { viewId: view.id, clientMutationId: newMutationId() };
      return (await request(DeleteView, { input })).deleteView.error;
    });
    if (!done) return;
    // Out of the way of the toast, which nothing reaches behind a dialog.
    onDone();
    showToast(`"${view.name}" deleted`, {
      action: { label: "Undo", onSelect: () => void save(view.name, view.search) },
    });
  };

  return (
    <div className="mt-3">
      {views === undefined ? (
        <p className="text-ink-faint text-sm">Asking for them…</p>
      ) : views.length === 0 ? (
        <p className="text-ink-faint text-sm">
          None yet. A view keeps the filter, the columns, the charts and the tab.
        </p>
      ) : (
        <ul className="max-h-72 divide-y divide-line overflow-auto">
          {views.map((view) => (
            <li key={view.id} className="flex flex-wrap items-center gap-1 py-1">
              <button
                type="button"
                onClick={() => show(view)}
                className="min-h-8 min-w-0 flex-1 truncate text-left text-link hover:underline"
              >
                {view.name}
              </button>
              <Button weight="bare" onClick={() => copy(view)} aria-label={`Copy the link of ${view.name}`}>
                Copy link
              </Button>
              {viewerCanEdit && (
                <>
                  <Button
                    weight="bare"
                    onClick={async () =>
                      (await save(view.name, search())) &&
                      showToast(`"${view.name}" is what the page shows now`)
                    }
                    aria-label={`Overwrite ${view.name} with what the page shows now`}
                  >
                    Overwrite
                  </Button>
                  <Button weight="bare" onClick={() => remove(view)} aria-label={`Delete ${view.name}`}>
                    Delete
                  </Button>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      {viewerCanEdit && (
        <form onSubmit={submit} className="mt-3 flex items-end gap-2">
          <TextField
            label="Save what the page shows now as"
            value={name}
            maxLength={100}
            autoComplete="off"
            onChange={(event) => setName(event.target.value)}
            className="flex-1"
          />
          <Button type="submit" weight="solid" disabled={name.trim() === ""}>
            Save
          </Button>
        </form>
      )}
      <p role="alert" className="mt-2 text-bad text-sm empty:hidden">
        {refusal}
      </p>
    </div>
  );
}
