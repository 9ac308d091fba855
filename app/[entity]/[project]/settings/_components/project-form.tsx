"use client";

import type { FormEvent } from "react";
import { textOf } from "@/app/_lib/form";
import { useVerb } from "@/app/_live/use-verb";
import { type ProjectSettings, UpdateProject } from "@/graphql/operations/accounts";
import { Button } from "@/ui/kit/button";
import { TextArea, TextField } from "@/ui/kit/field";
import { Notice } from "@/ui/kit/notice";
import { showToast } from "@/ui/kit/toast";

/** Members say what it is for, its admins how long it keeps what. */
export function ProjectForm({ project }: { project: ProjectSettings }) {
  const canKeep = project.viewerRole === "admin";
  const canDescribe = canKeep || project.viewerRole === "member";
  const { busy, run, errorOf, rest } = useVerb(UpdateProject, [
    "description",
    "keepOutputDays",
    "keepHistoryDays",
  ]);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const saved = await run({
      projectId: project.id,
      description: textOf(form, "description"),
      // An empty field is 0 for the API as well: the server's own setting holds.
      ...(canKeep && {
        keepOutputDays: Number(textOf(form, "keepOutputDays")),
        keepHistoryDays: Number(textOf(form, "keepHistoryDays")),
      }),
    });
    if (saved) showToast("Project saved");
  };
  return (
    <form onSubmit={submit} className="grid max-w-2xl gap-4 sm:grid-cols-2">
      <TextArea
        label="Description"
        name="description"
        defaultValue={project.description ?? ""}
        disabled={!canDescribe}
        className="sm:col-span-2"
        error={errorOf("description")}
      />
      <Days
        name="keepOutputDays"
        label="Keep output for"
        days={project.keepOutputDays}
        disabled={!canKeep}
        error={errorOf("keepOutputDays")}
      />
      <Days
        name="keepHistoryDays"
        label="Keep metric histories for"
        days={project.keepHistoryDays}
        disabled={!canKeep}
        error={errorOf("keepHistoryDays")}
      />
      {rest && (
        <Notice tone="bad" live className="sm:col-span-2">
          {rest}
        </Notice>
      )}
      {canDescribe && (
        <div>
          <Button type="submit" weight="solid" disabled={busy}>
            Save project
          </Button>
        </div>
      )}
    </form>
  );
}

function Days(props: {
  name: string;
  label: string;
  days: number | null;
  disabled: boolean;
  error: string | undefined;
}) {
  const { name, label, days, disabled, error } = props;
  return (
    <TextField
      label={`${label} (days)`}
      name={name}
      type="number"
      inputMode="numeric"
      min={1}
      step={1}
      defaultValue={days ?? ""}
      disabled={disabled}
      placeholder="as the server has it"
      help="After a run's end. Summaries and parameters stay in any case."
      error={error}
    />
  );
}
