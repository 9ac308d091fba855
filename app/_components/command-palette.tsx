"use client";

import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { toProjectPath, toRunPath, toSweepPath } from "@/app/_lib/paths";
import type { Recent } from "@/app/_lib/recent";
import { useSearch } from "@/app/_live/use-search";
import type { Findings } from "@/graphql/operations/search";
import { Palette, type PaletteGroup, type PaletteItem } from "@/ui/kit/palette";
import { type Act, Keys, waysOf } from "@/ui/kit/shortcuts";
import { RunStateChip, SweepStateChip } from "./state";

const RECENT = 5;

/** What can be done here and where one has been is there at once; what the server finds by name comes below. */
export function CommandPalette(props: {
  open: boolean;
  acts: readonly Act[];
  recent: readonly Recent[];
  /** A stranger has nothing to search. */
  searches: boolean;
  onClose: () => void;
}) {
  const { open, acts, recent, searches, onClose } = props;
  const router = useRouter();
  const [text, setText] = useState("");
  useEffect(() => {
    if (open) setText("");
  }, [open]);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const { findings, settled, failed } = useSearch(open && searches ? words.join(" ") : "");
  const go = (href: string) => () => router.push(href);
  const fits = (...texts: string[]) => words.every((word) => texts.join(" ").toLowerCase().includes(word));

  const groups: PaletteGroup[] = [
    {
      title: "Recent pages",
      items: recent
        .filter(({ label, detail }) => fits(label, detail))
        .slice(0, RECENT)
        .map(({ href, label, detail }) => ({ id: `recent ${href}`, label, detail, onSelect: go(href) })),
    },
    {
      title: "On this page",
      items: acts
        .filter((act) => !act.keyOnly && fits(act.words))
        .map((act) => ({
          id: `act ${act.words}`,
          label: act.words,
          end: <FirstWay act={act} />,
          onSelect: act.run,
        })),
    },
    ...(findings ? toGroups(findings, go) : []),
  ].filter(({ items }) => items.length > 0);
  const found = groups.some(({ items }) => items.length > 0);
  return (
    <Palette
      open={open}
      title="Search and commands"
      placeholder={searches ? "A project, a sweep, a run, or what to do" : "What to do"}
      text={text}
      onText={setText}
      groups={groups}
      note={toNote({ failed, settled, found, searches, asked: words.length > 0 })}
      onClose={onClose}
    />
  );
}

function FirstWay({ act }: { act: Act }) {
  const [way] = waysOf(act.keys);
  return way ? <Keys way={way} /> : null;
}

function toNote(at: {
  failed: boolean;
  settled: boolean;
  found: boolean;
  searches: boolean;
  asked: boolean;
}): string {
  if (at.failed) return "The server could not be asked; what is shown is known here.";
  if (!at.settled) return "Searching…";
  if (!at.found) return "Nothing is called like that.";
  return at.asked || !at.searches
    ? "Arrows and Enter choose, Escape closes."
    : "Type a part of a name or an id. Arrows and Enter choose, Escape closes.";
}

function toGroups({ projects, sweeps, runs }: Findings, go: (href: string) => () => void): PaletteGroup[] {
  const place = ({ name, entity }: { name: string; entity: { name: string } }) => `${entity.name} / ${name}`;
  const item = (id: string, href: string, more: Omit<PaletteItem, "id" | "onSelect">): PaletteItem => ({
    id,
    onSelect: go(href),
    ...more,
  });
  return [
    {
      title: "Projects",
      items: projects.map(({ id, name, entity }) =>
        item(`project ${id}`, toProjectPath(entity.name, name), { label: name, detail: entity.name }),
      ),
    },
    {
      title: "Sweeps",
      items: sweeps.map(({ id, name, state, project }) =>
        item(`sweep ${id}`, toSweepPath(project.entity.name, project.name, id), {
          label: name,
          detail: `${place(project)} / ${id}`,
          end: <SweepStateChip state={state} />,
        }),
      ),
    },
    {
      title: "Runs",
      items: runs.map(({ id, name, displayName, state, project }) =>
        item(`run ${id}`, toRunPath(project.entity.name, project.name, name), {
          label: displayName,
          detail: place(project),
          end: <RunStateChip state={state} bare />,
        }),
      ),
    },
  ];
}
