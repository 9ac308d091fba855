"use client";

import { useRouter } from "next/navigation";
import { useId, useMemo, useRef, useState } from "react";
import { CodeEditor, type EditorHandle } from "@/app/_components/sweep-editor/code-editor";
import { Findings, toFindings } from "@/app/_components/sweep-editor/findings";
import { toSweepPath } from "@/app/_lib/paths";
import { TEMPLATES } from "@/app/_lib/sweep-templates";
import { newMutationId, RequestError, request } from "@/app/_live/request";
import { isOver } from "@/core/run";
import type { ChosenRun } from "@/graphql/operations/new-sweep";
import { CreateSweep } from "@/graphql/operations/sweep";
import { plural } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { CommandBlock } from "@/ui/kit/copy";
import { Notice } from "@/ui/kit/notice";
import { Panel } from "@/ui/kit/panel";
import { Examples } from "./examples";
import { Understanding } from "./understanding";
import { type Checked, type PreviewState, useChecked } from "./use-checked";

/** A sweep file in the making: the text, what is wrong with it, what it means, and the button that makes it real. */
export function NewSweep(props: {
  entity: string;
  project: string;
  isNew: boolean;
  editable: boolean;
  initial: string;
  /** A file made from the project's runs; null where there are none to make it from. */
  guess: { source: string; runs: number } | null;
  /** Runs that the sweep is to begin with. */
  chosen: readonly Omit<ChosenRun, "params">[];
  copiedFrom?: string;
}) {
  const { entity, project, isNew, editable, initial, guess, chosen, copiedFrom } = props;
  const router = useRouter();
  const editor = useRef<EditorHandle>(null);
  const { checked, check, preview } = useChecked(initial);
  const [sending, setSending] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const [withRuns, setWithRuns] = useState(true);
  const [guessed, setGuessed] = useState(false);
  const [findingsId, reasonId] = [useId(), useId()];
  const findings = useMemo(() => toFindings(checked.parsed), [checked]);
  const reason = editable ? toReason(checked, preview) : "You may look at this project but not change it.";

  // What a run came to is known once it has ended.
  const known = chosen.filter(({ state }) => isOver(state));

  const create = async () => {
    const now = check(editor.current?.text() ?? checked.source);
    if (sending || !editable || toReason(now, now === checked ? preview : { state: "none" })) return;
    setSending(true);
    setRefusal(undefined);
    const refused = await send(now.source);
    if (refused !== undefined) {
      setRefusal(refused);
      setSending(false);
    }
  };

  /** Why it was refused; undefined when the way to the new sweep's page has begun. */
  const send = async (source: string): Promise<string | undefined> => {
    try {
      const priorRuns = withRuns ? known.map(({ name }) => name) : [];
      const input = {
        source,
        entity,
        project,
        ...(priorRuns.length > 0 && { priorRuns }),
        clientMutationId: newMutationId(),
      };
      const { createSweep } = await request(CreateSweep, { input });
      if (!createSweep.sweep) return createSweep.error?.message ?? "the server gave no reason";
      router.push(toSweepPath(entity, project, createSweep.sweep.id));
      return undefined;
    } catch (error) {
      return error instanceof RequestError ? error.message : "the server could not be reached";
    }
  };

  return (
    <>
      <div className="flex flex-wrap items-end gap-x-8 gap-y-3">
        <div className="min-w-0 grow basis-80">
          <h1 className="break-words font-semibold text-xl tracking-tight">New sweep</h1>
          <p className="mt-1 text-ink-soft text-sm">
            {isNew ? "The project " : "In "}
            <span className="font-medium">
              {entity} / {project}
            </span>
            {isNew && " will be created with it"}
            {copiedFrom && `, beginning with the file of ${copiedFrom}`}.
          </p>
        </div>
        <div className="flex flex-col gap-1 sm:items-end">
          <Button
            weight="solid"
            onClick={create}
            aria-disabled={reason !== undefined || sending}
            aria-describedby={reasonId}
            className="aria-disabled:cursor-not-allowed aria-disabled:opacity-55"
          >
            {sending ? "Creating…" : "Create sweep"}
          </Button>
        </div>
      </div>
      <p id={reasonId} className="mt-1 min-h-5 break-words text-ink-soft text-sm sm:text-right">
        {reason ?? "Ctrl or ⌘ with Enter creates it, too."}
      </p>
      {refusal && (
        <Notice tone="bad" live title="The sweep was not created" className="mt-2">
          {refusal}
        </Notice>
      )}
      <div className="mt-4 grid gap-x-10 gap-y-8 lg:grid-cols-2">
        <div className="min-w-0">
          <div className="mb-2 flex flex-wrap items-center gap-1.5">
            <span className="mr-1 text-ink-faint text-sm">Begin with</span>
            {guess && (
              <Button
                title="Program, metric and ranges as the project's runs used them. Undo brings your text back."
                onClick={() => {
                  editor.current?.replace(guess.source);
                  setGuessed(true);
                }}
                className="h-7! px-2! text-xs!"
              >
                Guess from this project's runs
              </Button>
            )}
            {TEMPLATES.map(({ label, hint, source }) => (
              <Button
                key={label}
                title={`${hint}. Undo brings your text back.`}
                onClick={() => {
                  editor.current?.replace(source);
                  setGuessed(false);
                }}
                className="h-7! px-2! text-xs!"
              >
                {label}
              </Button>
            ))}
          </div>
          {guessed && guess && (
            <p role="status" className="mb-2 text-ink-soft text-sm">
              Made from the newest {plural(guess.runs, "run")} of this project: the ranges are as wide as what
              they used.
            </p>
          )}
          <CodeEditor
            ref={editor}
            initial={initial}
            findings={findings}
            describedBy={findingsId}
            onText={check}
            onSubmit={create}
          />
          <p className="mt-1 text-ink-faint text-xs">
            Any sweep file of W&amp;B works as it is. Tab indents; Escape, then Tab leaves the editor.
          </p>
          <div className="mt-3">
            <Findings
              id={findingsId}
              findings={findings}
              onGo={(line, column) => editor.current?.goTo(line, column)}
            />
          </div>
        </div>
        <div className="min-w-0 space-y-8">
          {chosen.length > 0 && (
            <Panel id="begins-with" title="Begins with" note={plural(known.length, "run")}>
              <label className="flex min-h-6 items-center gap-2">
                <input
                  type="checkbox"
                  checked={withRuns}
                  onChange={(event) => setWithRuns(event.target.checked)}
                  className="size-4"
                />
                Tell the new sweep the results of the chosen runs
              </label>
              <p className="wrap-anywhere mt-1 text-ink-faint text-sm">
                {known
                  .slice(0, 5)
                  .map(({ displayName }) => displayName)
                  .join(", ")}
                {known.length > 5 && ` and ${known.length - 5} more`}
                {known.length < chosen.length &&
                  `; ${chosen.length - known.length} have not ended and are left out`}
                . Their points are not run again, and the ranges in the file are narrowed to what they span.
              </p>
            </Panel>
          )}
          {checked.parsed.config ? (
            <>
              <Understanding config={checked.parsed.config} />
              <Examples preview={preview} config={checked.parsed.config} />
            </>
          ) : (
            <Panel id="understood" title="Understood as">
              <p className="rounded-lg bg-sunken px-4 py-8 text-center text-ink-faint">
                With an error in the file there is nothing to understand yet.
              </p>
            </Panel>
          )}
          <Terminal source={checked.source} entity={entity} project={project} />
        </div>
      </div>
    </>
  );
}

/** The same without a browser. */
function Terminal({ source, entity, project }: { source: string; entity: string; project: string }) {
  const save = () => {
    const url = URL.createObjectURL(new Blob([source], { type: "text/yaml" }));
    const link = Object.assign(document.createElement("a"), { href: url, download: "sweep.yaml" });
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <Panel
      id="terminal"
      title="The same from a terminal"
      actions={<Button onClick={save}>Save as sweep.yaml</Button>}
    >
      <CommandBlock
        command={`npx besom sweep sweep.yaml --entity ${entity} --project ${project}`}
        label="Copy"
      />
    </Panel>
  );
}

/** Why the file can't become a sweep; undefined when nothing is known against it. */
function toReason({ parsed }: Checked, preview: PreviewState): string | undefined {
  const [first] = parsed.errors;
  if (first) return `Line ${first.line ?? 1}: ${first.message}.`;
  if (preview.state === "known" && preview.preview.error) return `${preview.preview.error.message}.`;
  return undefined;
}
