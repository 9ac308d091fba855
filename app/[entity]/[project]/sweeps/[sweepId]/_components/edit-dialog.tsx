"use client";

import { useEffect, useId, useMemo, useRef, useState } from "react";
import { CodeEditor, type EditorHandle } from "@/app/_components/sweep-editor/code-editor";
import { Findings, toFindings } from "@/app/_components/sweep-editor/findings";
import { newMutationId, request } from "@/app/_live/request";
import { useVerb } from "@/app/_live/use-verb";
import { type ParsedSweep, parseSweepConfig } from "@/core/sweep-config";
import {
  EditSweep,
  PreviewUpdate,
  type SweepChange,
  type UpdatePreview,
} from "@/graphql/operations/edit-sweep";
import { SweepSource } from "@/graphql/operations/new-sweep";
import type { SweepHead } from "@/graphql/operations/pages";
import { ResumeSweep } from "@/graphql/operations/sweep";
import { plural } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { Dialog, DialogFoot } from "@/ui/kit/dialog";
import { TextField } from "@/ui/kit/field";
import { CrossIcon } from "@/ui/kit/icons";
import { Notice } from "@/ui/kit/notice";
import { showToast } from "@/ui/kit/toast";

/** Another name or file for a sweep: what would change, and what it means for its runs, is seen before it is saved. */
export function EditDialog({ head, onClose }: { head: SweepHead; onClose: () => void }) {
  const source = useSource(head.id);
  return (
    <Dialog
      open
      title={`Edit ${head.name}`}
      onClose={onClose}
      className="max-h-[calc(100dvh-2rem)] w-[min(60rem,calc(100vw-2rem))] overflow-y-auto"
    >
      {source === undefined ? (
        <p className="mt-3 text-ink-faint">Reading its file …</p>
      ) : source === null ? (
        <Notice tone="bad" live className="mt-3">
          Its file could not be read: the server could not be reached. Close this and try again.
        </Notice>
      ) : (
        <Form head={head} source={source} onClose={onClose} />
      )}
    </Dialog>
  );
}

/** Undefined while it is asked for, null when it could not be had. */
function useSource(id: string): string | null | undefined {
  const [source, setSource] = useState<string | null>();
  useEffect(() => {
    const left = new AbortController();
    request(SweepSource, { id }, left.signal).then(
      ({ sweep }) => setSource(sweep?.source ?? null),
      () => left.signal.aborted || setSource(null),
    );
    return () => left.abort();
  }, [id]);
  return source;
}

function Form(props: { head: SweepHead; source: string; onClose: () => void }) {
  const { head, source: first, onClose } = props;
  const editor = useRef<EditorHandle>(null);
  const [source, setSource] = useState(first);
  const [name, setName] = useState(head.name);
  const parsed = useMemo(() => parseSweepConfig(source), [source]);
  const findings = useMemo(() => toFindings(parsed), [parsed]);
  const [findingsId, reasonId] = [useId(), useId()];
  const verb = useVerb(EditSweep, ["name"]);
  const newName = name !== head.name && name.trim() !== "" ? name : null;
  const newSource = source === first ? null : source;
  const preview = usePreview(head.id, parsed, newSource, newName);
  const reason = toReason(parsed, preview, newSource !== null || newName !== null);

  const save = async (resume: boolean) => {
    const text = editor.current?.text() ?? source;
    if (reason !== undefined || verb.busy) return;
    const input = {
      sweepId: head.id,
      ...(text !== first && { source: text }),
      ...(newName !== null && { name: newName }),
      clientMutationId: newMutationId(),
    };
    const done = await verb.run(input);
    if (!done) return;
    const refused = resume ? await resumeNow(head.id) : undefined;
    showToast(
      refused === undefined
        ? `Saved${done.changes.length > 0 ? `: ${plural(done.changes.length, "change")}` : ""}`
        : `Saved, but not resumed: ${refused}`,
    );
    onClose();
  };

  const disabled = reason !== undefined || verb.busy;
  const finished = head.state === "finished";
  return (
    <div className="mt-3 space-y-4">
      <TextField
        label="Name"
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={verb.errorOf("name")}
      />
      <div>
        <CodeEditor
          ref={editor}
          initial={first}
          findings={findings}
          describedBy={findingsId}
          onText={setSource}
          onSubmit={() => void save(false)}
          className="h-72"
        />
        <div className="mt-2">
          <Findings
            id={findingsId}
            findings={findings}
            onGo={(line, column) => editor.current?.goTo(line, column)}
          />
        </div>
      </div>
      <Changes preview={preview} runs={head.counts.total} />
      {verb.rest && (
        <Notice tone="bad" live title="Nothing was changed">
          {verb.rest}
        </Notice>
      )}
      <p id={reasonId} className="min-h-5 break-words text-right text-ink-soft text-sm">
        {reason}
      </p>
      <DialogFoot>
        <Button onClick={onClose}>Leave it as it is</Button>
        <Button
          weight={finished ? "line" : "solid"}
          onClick={() => void save(false)}
          aria-disabled={disabled}
          aria-describedby={reasonId}
          className="aria-disabled:cursor-not-allowed aria-disabled:opacity-55"
        >
          Save
        </Button>
        {finished && (
          <Button
            weight="solid"
            onClick={() => void save(true)}
            aria-disabled={disabled}
            aria-describedby={reasonId}
            className="aria-disabled:cursor-not-allowed aria-disabled:opacity-55"
          >
            Save and resume
          </Button>
        )}
      </DialogFoot>
    </div>
  );
}

/** Why it was refused. */
async function resumeNow(sweepId: string): Promise<string | undefined> {
  try {
    const { control } = await request(ResumeSweep, { input: { sweepId, clientMutationId: newMutationId() } });
    return control.error?.message;
  } catch {
    return "the server could not be reached";
  }
}

function Changes({ preview, runs }: { preview: Preview; runs: number }) {
  const changes = preview.known?.changes ?? [];
  return (
    <section aria-label="What would change" aria-busy={preview.state === "asking"}>
      <h3 className="font-semibold text-sm">What would change</h3>
      {preview.state === "unreachable" && (
        <p className="mt-1 text-ink-soft text-sm">Not known: the server could not be reached.</p>
      )}
      {preview.known?.error && <p className="mt-1 text-bad text-sm">{preview.known.error.message}.</p>}
      {changes.length === 0 && !preview.known?.error && (
        <p className="mt-1 text-ink-faint text-sm">
          {preview.known ? "Nothing but the text: its runs go on as before." : "Nothing yet."}
        </p>
      )}
      <ul className="mt-1 divide-y divide-line">
        {changes.map((change) => (
          <Change key={change.path} change={change} />
        ))}
      </ul>
      {runs > 0 && <p className="mt-1 text-ink-faint text-xs">The sweep has {plural(runs, "run")}.</p>}
    </section>
  );
}

function Change({ change: { path, before, after, effect, refusal } }: { change: SweepChange }) {
  return (
    <li className="py-2 text-sm">
      <p className="wrap-anywhere">
        <b className="font-semibold">{path}</b>{" "}
        <span className="text-ink-faint">
          {before === null ? "was not there" : before} <span aria-hidden="true">→</span>
          <span className="sr-only">becomes</span>{" "}
        </span>
        <span className="figures">{after === null ? "not there" : after}</span>
      </p>
      {refusal === null ? (
        <p className="text-ink-soft">{effect}</p>
      ) : (
        <p className="flex items-start gap-1.5 text-bad">
          <span className="flex h-5 items-center">
            <CrossIcon />
          </span>
          Refused: {refusal}.
        </p>
      )}
    </li>
  );
}

interface Preview {
  readonly state: "none" | "asking" | "known" | "unreachable";
  /** The last that is known. */
  readonly known?: UpdatePreview;
}

/** While someone types, the server is asked when they pause. */
const PAUSE_MS = 200;

function usePreview(
  sweepId: string,
  { config }: ParsedSweep,
  source: string | null,
  name: string | null,
): Preview {
  const [preview, setPreview] = useState<Preview>({ state: "none" });
  const sound = config !== undefined;
  useEffect(() => {
    if (!sound || (source === null && name === null)) return setPreview({ state: "none" });
    setPreview((last) => ({ ...last, state: "asking" }));
    const left = new AbortController();
    const timer = setTimeout(() => {
      request(PreviewUpdate, { sweepId, source, name }, left.signal).then(
        ({ previewUpdate }) => setPreview({ state: "known", known: previewUpdate }),
        () => left.signal.aborted || setPreview({ state: "unreachable" }),
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      left.abort();
    };
  }, [sweepId, sound, source, name]);
  return preview;
}

/** Why it can't be saved; undefined when nothing is known against it. */
function toReason(
  { errors }: ParsedSweep,
  { known, state }: Preview,
  isChanged: boolean,
): string | undefined {
  const [first] = errors;
  if (first) return `Line ${first.line ?? 1}: ${first.message}.`;
  if (!isChanged) return "Nothing is changed yet.";
  if (state !== "known" || !known) return undefined;
  if (known.error) return `${known.error.message}.`;
  if (known.state === "canceled" && !known.allowed)
    return "A canceled sweep takes no other file: begin a new sweep from it.";
  const refused = known.changes.filter(({ refusal }) => refusal !== null);
  if (refused.length === 0) return undefined;
  return `${refused.map(({ path }) => path).join(", ")} can't be changed under its runs: put it back, or begin a new sweep from this file.`;
}
