"use client";

import { type FormEvent, useRef, useState } from "react";
import { textOf } from "@/app/_lib/form";
import { daysFromNow } from "@/app/_lib/living";
import { useVerb } from "@/app/_live/use-verb";
import { CreateApiKey, type KeyScope, type ProjectName } from "@/graphql/operations/accounts";
import { Button } from "@/ui/kit/button";
import { CommandBlock } from "@/ui/kit/copy";
import { TextField } from "@/ui/kit/field";
import { Notice } from "@/ui/kit/notice";
import { Select } from "@/ui/kit/select";

const SCOPES: readonly { value: KeyScope; label: string }[] = [
  { value: "write", label: "Work: create sweeps, run agents, log" },
  { value: "read", label: "Read only" },
  { value: "full", label: "Everything you may do" },
];
const ENDS = [
  { value: "7", label: "In 7 days" },
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
  { value: "", label: "Never" },
];

/** Makes a key, and shows it this once. */
export function NewKey({ projects, url }: { projects: readonly ProjectName[]; url: string }) {
  const { busy, run, errorOf, rest } = useVerb(CreateApiKey, ["name", "expiresAt"]);
  const [made, setMade] = useState<{ secret: string; name: string }>();
  const formRef = useRef<HTMLFormElement>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = textOf(form, "name");
    const project = projects.find(({ id }) => id === textOf(form, "project"));
    const expiresAt = daysFromNow(textOf(form, "end"), Date.now());
    const done = await run({
      name,
      scope: textOf(form, "scope") as KeyScope,
      ...(project && { entity: project.entity.name, project: project.name }),
      ...(expiresAt && { expiresAt }),
    });
    if (!done?.key) return;
    setMade({ secret: done.key, name });
    formRef.current?.reset();
  };
  return (
    <div className="grid gap-5">
      {made && <Made {...made} url={url} onDone={() => setMade(undefined)} />}
      <form ref={formRef} onSubmit={submit} className="grid max-w-2xl gap-4 sm:grid-cols-2">
        <TextField
          label="Name"
          name="name"
          required
          maxLength={200}
          autoComplete="off"
          placeholder="cluster agents"
          error={errorOf("name")}
        />
        <Select label="May" name="scope" choices={SCOPES} />
        <Select
          label="In"
          name="project"
          choices={[
            { value: "", label: "All your projects" },
            ...projects.map(({ id, name, entity }) => ({ value: id, label: `${entity.name}/${name}` })),
          ]}
        />
        <Select label="Ends" name="end" choices={ENDS} defaultValue="365" error={errorOf("expiresAt")} />
        {rest && (
          <Notice tone="bad" live className="sm:col-span-2">
            {rest}
          </Notice>
        )}
        <div>
          <Button type="submit" weight="solid" disabled={busy}>
            Create key
          </Button>
        </div>
      </form>
    </div>
  );
}

function Made(props: { name: string; secret: string; url: string; onDone: () => void }) {
  const { name, secret, url, onDone } = props;
  return (
    <Notice tone="good" live title={`The key "${name}" is made, and shown only now`} className="max-w-2xl">
      <p className="mb-2.5">Only its SHA-256 is kept here: what you lose can't be shown again.</p>
      <div className="grid gap-2 text-ink">
        <CommandBlock command={secret} label="Copy key" />
        <p className="mt-1 text-ink-soft">To keep it on a machine, run this there and paste the key:</p>
        <CommandBlock command={`npx besom login ${url} --key -`} label="Copy" />
        <div>
          <Button onClick={onDone}>I have it</Button>
        </div>
      </div>
    </Notice>
  );
}
