"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { MOST_CHARACTERS } from "@/app/_lib/address";
import { withoutBase } from "@/app/_lib/base";
import { useShortcuts } from "@/ui/kit/shortcuts";

/** Typing waits this long for the next letter before the list is asked for. */
const PAUSE_MS = 250;

/**
 * Narrows a list by the address: works without JavaScript as the form it is, and with it as one types. `/` leads here.
 */
export function SearchBar(props: {
  label: string;
  placeholder: string;
  /** What may be typed, below the field while it has the focus. */
  help?: string;
  query: string;
  /** What else stands in the address. */
  keep: Readonly<Record<string, string>>;
}) {
  const { label, placeholder, help, query, keep } = props;
  const router = useRouter();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(query);
  const sent = useRef(query);
  // A link or the browser's Back changed the address: the field follows, unless somebody types in it.
  useEffect(() => {
    if (query !== sent.current && document.activeElement !== input.current) setText(query);
    sent.current = query;
  }, [query]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      const search = new URLSearchParams({ ...keep, ...(text && { q: text }) });
      router.replace(`${withoutBase(location.pathname)}?${search}`, { scroll: false });
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, keep, router]);
  useShortcuts([{ words: label, keys: "/", run: () => input.current?.focus() }]);
  return (
    <search className="group relative block">
      <form action="">
        {Object.entries(keep).map(([name, value]) => (
          <input key={name} type="hidden" name={name} value={value} />
        ))}
        <input
          ref={input}
          type="search"
          name="q"
          aria-label={label}
          {...(help && { "aria-describedby": "search-help" })}
          placeholder={placeholder}
          value={text}
          maxLength={MOST_CHARACTERS}
          onChange={(event) => setText(event.target.value)}
          spellCheck={false}
          autoComplete="off"
          className="h-8 w-full rounded-md border border-line-strong bg-surface px-2.5 text-ink text-sm placeholder:text-ink-faint max-sm:h-10 max-sm:text-[16px]"
        />
        {help && (
          <p
            id="search-help"
            className="absolute top-full left-0 z-40 mt-1 hidden w-max max-w-full rounded-md border border-line bg-surface px-2.5 py-1.5 text-ink-faint text-xs shadow-(--shadow) group-focus-within:block"
          >
            {help}
          </p>
        )}
      </form>
    </search>
  );
}
