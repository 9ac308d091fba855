"use client";

import { type FormEvent, useState } from "react";
import { toRefusal } from "@/app/_live/refusal";
import { newMutationId, request } from "@/app/_live/request";
import type { RunStore } from "@/app/_live/run-store";
import { type RunHead, TagRun } from "@/graphql/operations/run-page";
import { CrossIcon } from "@/ui/kit/icons";

const MAX_TAG = 128;

/** Words to find it by again. */
export function Tags(props: { head: RunHead; store: RunStore; editable: boolean }) {
  const { head, store, editable } = props;
  const [text, setText] = useState("");
  const [refusal, setRefusal] = useState<string>();

  const change = async (input: { add?: string[]; remove?: string[] }) => {
    setRefusal(undefined);
    try {
      const { tagRun } = await request(TagRun, {
        input: { runIds: [head.id], ...input, clientMutationId: newMutationId() },
      });
      const tags = tagRun.runs?.[0]?.tags;
      if (tags) store.answer({ ...store.data().head, tags });
      setRefusal(tagRun.error?.message);
      return tagRun.error === null;
    } catch (error) {
      setRefusal(toRefusal(error).message);
      return false;
    }
  };
  const add = async (event: FormEvent) => {
    event.preventDefault();
    const tag = text.trim();
    if (tag !== "" && (await change({ add: [tag] }))) setText("");
  };

  if (!editable && head.tags.length === 0) return null;
  return (
    <div className="mt-2">
      <ul aria-label="Tags" className="flex flex-wrap items-center gap-1.5">
        {head.tags.map((tag) => (
          <li
            key={tag}
            className="inline-flex h-7 max-w-60 items-center gap-0.5 rounded-full bg-quiet-wash pr-1 pl-2.5 text-quiet text-xs"
          >
            <span className="truncate" title={tag}>
              {tag}
            </span>
            {editable ? (
              <button
                type="button"
                onClick={() => change({ remove: [tag] })}
                aria-label={`Take the tag ${tag} off`}
                className="inline-flex size-6 items-center justify-center rounded-full hover:text-ink"
              >
                <CrossIcon />
              </button>
            ) : (
              <span className="w-1.5" />
            )}
          </li>
        ))}
        {editable && (
          <li>
            <form onSubmit={add}>
              <input
                aria-label="Add a tag"
                placeholder="Add a tag"
                value={text}
                maxLength={MAX_TAG}
                onChange={(event) => setText(event.target.value)}
                autoComplete="off"
                className="h-7 w-28 rounded-full border border-line-strong border-dashed bg-transparent px-2.5 text-ink text-xs placeholder:text-ink-faint focus:w-44 max-sm:text-[16px]"
              />
            </form>
          </li>
        )}
      </ul>
      <p role="alert" className="mt-1 max-w-md text-bad text-sm empty:hidden">
        {refusal}
      </p>
    </div>
  );
}
