"use client";

import { useContext, useRef } from "react";
import { withBase } from "@/app/_lib/base";
import { toConfigJson, toConfigYaml } from "@/app/_lib/config-text";
import type { Row } from "@/app/_live/sweep-store";
import { isOver } from "@/core/run";
import { DotsIcon } from "@/ui/kit/icons";
import { Menu, type MenuItem } from "@/ui/kit/menu";
import { showToast } from "@/ui/kit/toast";
import { RunActionsContext } from "./run-actions";

/** What can be done with one run of the table. */
export function RunMenu({ row, href, tabIndex }: { row: Row; href: string; tabIndex: number }) {
  const { hide, compareHref, edit, stop, retry, remove } = useContext(RunActionsContext);
  const place = useRef<HTMLSpanElement>(null);
  const change = (what: "tags" | "notes") => () =>
    place.current && edit?.(row, what, place.current.closest("td") ?? place.current);
  // Asked for when the menu opens: what it compares with is chosen since the row was drawn.
  const items = (): MenuItem[] => {
    const compare = compareHref(row);
    return [
      { label: "Open", href: withBase(href) },
      ...(compare ? [{ label: "Compare", href: withBase(compare) }] : []),
      "rule",
      { label: "Copy id", onSelect: () => void copy(row.name, "The run's id") },
      {
        label: "Copy config as YAML",
        onSelect: async () => copy(await toConfigYaml(row.params), "The config, as YAML,"),
      },
      {
        label: "Copy config as JSON",
        onSelect: () => void copy(toConfigJson(row.params), "The config, as JSON,"),
      },
      "rule",
      { label: "Hide", onSelect: () => hide([row.id]) },
      ...(edit ? changes() : []),
    ];
  };
  function changes(): MenuItem[] {
    return [
      { label: "Edit tags", onSelect: change("tags") },
      { label: "Edit notes", onSelect: change("notes") },
      "rule",
      ...(isOver(row.state)
        ? [
            ...(row.state === "finished" ? [] : [{ label: "Retry", onSelect: () => retry([row.id]) }]),
            { label: "Delete", danger: true, onSelect: () => remove([row.id]) },
          ]
        : [{ label: "Stop", onSelect: () => stop([row.id]) }]),
    ];
  }
  return (
    <span ref={place}>
      <Menu label={`Actions for ${row.displayName}`} floating items={items} tabIndex={tabIndex}>
        <DotsIcon />
      </Menu>
    </span>
  );
}

async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    showToast(`${what} is copied`);
  } catch {
    showToast("This browser lets nothing be copied here");
  }
}
