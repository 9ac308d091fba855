"use client";

import { useRouter } from "next/navigation";
import { type FormEvent, useEffect, useId, useState } from "react";
import { request } from "@/app/_live/request";
import { RunNames } from "@/graphql/operations/charts";
import { Button } from "@/ui/kit/button";

type Found = { id: string; name: string; displayName: string };

const NOTHING = { value: "", runs: [] };

/** Long enough after the last key that not every letter is asked for. */
const TYPING_MS = 200;

/** One more run, by a part of its name: the browser's own list offers what the project has. */
export function AddRun(props: {
  entity: string;
  project: string;
  names: readonly string[];
  /** The page with these runs. */
  toHref: (names: readonly string[]) => string;
}) {
  const { entity, project, names, toHref } = props;
  const router = useRouter();
  const id = useId();
  const [typed, setTyped] = useState("");
  const [{ value: asked, runs: found }, setFound] = useState<{ value: string; runs: readonly Found[] }>(
    NOTHING,
  );
  useEffect(() => {
    const left = new AbortController();
    const timer = setTimeout(async () => {
      const value = typed.trim();
      const filter = {
        or: (["name", "displayName"] as const).map((field) => ({ field, op: "contains" as const, value })),
      };
      try {
        const answer = await request(RunNames, { entity, project, filter }, left.signal);
        if (!left.signal.aborted) setFound({ value, runs: answer.project?.runs.nodes ?? [] });
      } catch {
        // Without suggestions a whole name is taken still.
      }
    }, TYPING_MS);
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [typed, entity, project]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const text = typed.trim();
    if (text === "") return;
    const exact = found.find(({ name, displayName }) => name === text || displayName === text);
    // A part of a name stands for the first run that has it, once the list is that of what was typed.
    const run = exact ?? (asked === text ? found[0] : undefined);
    setTyped("");
    router.push(toHref([...new Set([...names, run?.name ?? text])]), { scroll: false });
  };
  return (
    <form onSubmit={submit} className="flex items-center gap-2">
      <input
        aria-label="Add a run by its name"
        placeholder="Add a run"
        list={id}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        autoComplete="off"
        className="h-8 w-52 rounded-md border border-line-strong bg-surface px-2.5 text-ink text-sm placeholder:text-ink-faint max-sm:h-10 max-sm:text-[16px]"
      />
      <datalist id={id}>
        {found
          .filter(({ name }) => !names.includes(name))
          .map((run) => (
            <option key={run.id} value={run.name}>
              {run.displayName}
            </option>
          ))}
      </datalist>
      <Button type="submit">Add</Button>
    </form>
  );
}
