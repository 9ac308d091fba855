"use client";

import Link from "next/link";
import { type FormEvent, useState } from "react";
import { ChosenBar, CompareLink, CsvButton } from "@/app/_components/chosen-bar";
import { useSweepView } from "@/app/_live/sweep-view";
import { isOver } from "@/core/run";
import { formatCount, plural } from "@/ui/format";
import { Button, buttonLook } from "@/ui/kit/button";
import { Dialog, DialogFoot } from "@/ui/kit/dialog";
import { TextField } from "@/ui/kit/field";
import { Notice } from "@/ui/kit/notice";
import type { RunVerbs } from "./use-run-verbs";

/** More ids than that make an address that servers refuse (16 kB). */
const MOST_IN_LINK = 500;

/** What can be done with the runs that are chosen. */
export function BulkBar({
  verbs,
  onDelete,
}: {
  verbs: RunVerbs;
  onDelete: (ids: readonly string[]) => void;
}) {
  const { data, selected, select, hide, hidden, projectPath } = useSweepView();
  const { head, rows } = data;
  const [tagging, setTagging] = useState(false);
  const chosen = [...selected].flatMap((id) => rows.get(id) ?? []);
  const idsOf = (test: (row: (typeof chosen)[number]) => boolean) => chosen.filter(test).map(({ id }) => id);
  const chosenIds = chosen.map(({ id }) => id);
  const active = idsOf(({ state }) => !isOver(state));
  const over = idsOf(({ state }) => isOver(state));
  const lost = idsOf(({ state }) => state === "failed" || state === "crashed" || state === "killed");
  const { busy, refusal, forget } = verbs;
  if (chosen.length === 0 && !busy && refusal === undefined) return null;
  return (
    <>
      <ChosenBar
        status={
          busy
            ? `${busy.text} ${formatCount(busy.done)} of ${formatCount(busy.total)}…`
            : `${plural(chosen.length, "run")} chosen`
        }
        onNone={() => {
          select([]);
          forget();
        }}
        below={
          refusal && (
            <Notice tone="bad" live className="mt-2">
              {refusal}
            </Notice>
          )
        }
      >
        <CompareLink projectPath={projectPath} names={chosen.map(({ name }) => name)} />
        {head.viewerCanEdit && (
          <>
            {active.length > 0 && (
              <Button disabled={!!busy} onClick={() => verbs.stop(active)}>
                Stop {formatCount(active.length)}
              </Button>
            )}
            {lost.length > 0 && (
              <Button disabled={!!busy} onClick={() => verbs.retry(lost)}>
                Retry {formatCount(lost.length)}
              </Button>
            )}
            <Button disabled={!!busy} onClick={() => setTagging(true)}>
              Tag
            </Button>
          </>
        )}
        {head.viewerCanEdit && chosen.length > 0 && chosen.length <= MOST_IN_LINK && (
          <Link
            prefetch={false}
            href={`${projectPath}/sweeps/new?from=${head.id}&runs=${chosenIds.join(",")}`}
            title="A new sweep that knows the results of these runs"
            className={buttonLook("line")}
          >
            New sweep from {chosen.length === 1 ? "it" : "them"}
          </Link>
        )}
        <CsvButton name={`${head.name} chosen runs`} runs={() => chosen} metric={head.metric?.name} />
        <Button
          onClick={() => {
            hide([...hidden, ...selected]);
            select([]);
          }}
          disabled={chosen.length > 200}
          {...(chosen.length > 200 && {
            title: "Up to 200 runs are hidden one by one; a filter hides more.",
          })}
        >
          Hide
        </Button>
        {head.viewerCanEdit && over.length > 0 && (
          <Button weight="danger" disabled={!!busy} onClick={() => onDelete(over)}>
            Delete {formatCount(over.length)}
          </Button>
        )}
      </ChosenBar>
      <Dialog open={tagging} title={`Tag ${plural(chosen.length, "run")}`} onClose={() => setTagging(false)}>
        <TagForm
          known={[...new Set(chosen.flatMap(({ tags }) => tags))].sort()}
          onDone={(change) => {
            setTagging(false);
            if (change) void verbs.tag(chosenIds, change);
          }}
        />
      </Dialog>
    </>
  );
}

function TagForm(props: {
  known: readonly string[];
  onDone: (change?: { add: string[]; remove: string[] }) => void;
}) {
  const { known, onDone } = props;
  const [text, setText] = useState("");
  const [off, setOff] = useState<ReadonlySet<string>>(new Set());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const add = text
      .split(",")
      .map((tag) => tag.trim())
      .filter((tag) => tag !== "");
    onDone(add.length + off.size > 0 ? { add, remove: [...off] } : undefined);
  };
  return (
    <form onSubmit={submit} className="mt-3">
      <TextField
        label="Put on"
        help="Commas between several."
        value={text}
        maxLength={1_000}
        autoFocus
        autoComplete="off"
        onChange={(event) => setText(event.target.value)}
      />
      {known.length > 0 && (
        <fieldset className="mt-3 max-h-48 overflow-auto">
          <legend className="mb-1 font-medium text-sm">Take off</legend>
          {known.map((tag) => (
            <label key={tag} className="flex min-h-8 items-center gap-2 text-sm">
              <input
                type="checkbox"
                checked={off.has(tag)}
                onChange={(event) => {
                  const next = new Set(off);
                  if (event.target.checked) next.add(tag);
                  else next.delete(tag);
                  setOff(next);
                }}
                className="size-4 accent-(--ink)"
              />
              {tag}
            </label>
          ))}
        </fieldset>
      )}
      <DialogFoot>
        <Button onClick={() => onDone()}>Leave it</Button>
        <Button type="submit" weight="solid">
          Tag
        </Button>
      </DialogFoot>
    </form>
  );
}
