"use client";

import { usePathname, useRouter } from "next/navigation";
import { useEffect, useMemo, useState } from "react";
import { withBase } from "@/app/_lib/base";
import { keepRecent, type Recent, readRecent } from "@/app/_lib/recent";
import { signOut } from "@/app/_lib/sign-out";
import { SearchIcon } from "@/ui/kit/icons";
import { type Act, Keys, useActs, useShortcuts } from "@/ui/kit/shortcuts";
import { toggleTheme } from "@/ui/kit/theme-switch";
import { CommandPalette } from "./command-palette";
import { ShortcutList } from "./shortcut-list";

/** The way to everything by name and by key, on every page: Ctrl or Command with K, and `?` for the list of keys. */
export function CommandCenter({ viewer, here }: { viewer: string | undefined; here: Recent | undefined }) {
  const router = useRouter();
  const path = usePathname();
  const [open, setOpen] = useState<"palette" | "keys">();
  const acts = useActs();
  const everywhere = useMemo(() => {
    const to = (href: string) => () => router.push(href);
    const own: readonly Act[] = viewer
      ? [
          { words: "Go to the projects", keys: "g p", run: to("/") },
          { words: "Go to the settings", keys: "g s", run: to("/settings") },
          { words: "Go to the API keys", run: to("/settings/keys") },
          { words: "Go to the teams", run: to("/settings/teams") },
          // Not by Next's router: the explorer's scripts and workers have a policy that comes with its page.
          { words: "Open the API explorer", run: () => location.assign(withBase("/graphql")) },
          { words: "Sign out", run: () => signOut(viewer) },
        ]
      : [];
    return [
      { words: "Search", keys: "mod+k", keyOnly: true, run: () => setOpen("palette") },
      { words: "Show the keyboard shortcuts", keys: "?", run: () => setOpen("keys") },
      { words: "Switch between light and dark", keys: "t, alt+m", run: toggleTheme },
      ...own,
    ];
  }, [router, viewer]);
  useShortcuts(everywhere);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `here` is a new object with each drawing by the server
  useEffect(() => {
    if (viewer && here) keepRecent(viewer, here);
  }, [viewer, here?.href, here?.label]);
  // A page that was left by a link of the palette comes with its own.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path is the reason
  useEffect(() => setOpen(undefined), [path]);
  return (
    <>
      <button
        type="button"
        onClick={() => setOpen("palette")}
        aria-keyshortcuts="Control+K Meta+K"
        title="Search and commands"
        className="inline-flex h-8 min-w-8 items-center justify-center gap-2 rounded-md px-2 text-ink-soft text-sm hover:bg-sunken hover:text-ink md:border md:border-line-strong"
      >
        <SearchIcon />
        <span className="text-ink-faint max-md:sr-only">Search</span>
        <span className="hidden md:inline-flex" aria-hidden="true">
          <Keys way="mod+k" />
        </span>
      </button>
      <button
        type="button"
        onClick={() => setOpen("keys")}
        aria-label="Keyboard shortcuts"
        aria-keyshortcuts="?"
        title="Keyboard shortcuts: ?"
        className="hidden size-8 items-center justify-center rounded-md font-medium text-ink-soft text-sm hover:bg-sunken hover:text-ink sm:inline-flex"
      >
        ?
      </button>
      <CommandPalette
        open={open === "palette"}
        acts={acts}
        recent={
          open === "palette" && viewer ? readRecent(viewer).filter(({ href }) => href !== here?.href) : []
        }
        searches={viewer !== undefined}
        onClose={() => setOpen(undefined)}
      />
      <ShortcutList open={open === "keys"} acts={acts} onClose={() => setOpen(undefined)} />
    </>
  );
}
