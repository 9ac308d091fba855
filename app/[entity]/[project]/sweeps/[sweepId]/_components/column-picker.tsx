"use client";

import { useState } from "react";
import { Button } from "@/ui/kit/button";
import { Dialog, DialogFoot } from "@/ui/kit/dialog";
import { TextField } from "@/ui/kit/field";
import { ArrowDownIcon, ArrowUpIcon, PinIcon } from "@/ui/kit/icons";
import { moveColumn, shiftColumn } from "./arrange-columns";
import type { RunColumn } from "./run-columns";
import type { TableSettings } from "./use-table-settings";

const KINDS = { field: "Fields", parameter: "Parameters", metric: "Metrics" } as const;

/** Which columns, in which order, which of them stay in sight. */
export function ColumnPicker(props: {
  open: boolean;
  all: readonly RunColumn[];
  shown: readonly RunColumn[];
  settings: TableSettings;
  onClose: () => void;
}) {
  const { open, onClose, ...rest } = props;
  return (
    <Dialog open={open} title="Columns" onClose={onClose} className="w-[min(34rem,calc(100vw-2rem))]">
      <Picker {...rest} onClose={onClose} />
    </Dialog>
  );
}

function Picker(props: {
  all: readonly RunColumn[];
  shown: readonly RunColumn[];
  settings: TableSettings;
  onClose: () => void;
}) {
  const { all, shown, settings, onClose } = props;
  const [sought, setSought] = useState("");
  const [dragged, setDragged] = useState<string>();
  const ids = shown.map(({ id }) => id);
  const fits = ({ label, id }: RunColumn) => `${label} ${id}`.toLowerCase().includes(sought.toLowerCase());
  const hidden = all.filter((column) => !ids.includes(column.id) && fits(column));
  const pinned = new Set(settings.pinned);
  const pin = (id: string) =>
    settings.setPinned(
      pinned.has(id) ? settings.pinned.filter((one) => one !== id) : [...settings.pinned, id],
    );
  return (
    <>
      <TextField
        label="Search"
        value={sought}
        onChange={(event) => setSought(event.target.value)}
        autoFocus
        autoComplete="off"
        className="mt-3"
      />
      <div className="mt-3 max-h-[50vh] overflow-auto">
        <h3 className="font-medium text-ink-faint text-xs">Shown, from left to right</h3>
        <ul>
          {shown.filter(fits).map(({ id, label }) => (
            <li
              key={id}
              draggable
              onDragStart={() => setDragged(id)}
              onDragEnd={() => setDragged(undefined)}
              onDragOver={(event) => dragged && event.preventDefault()}
              onDrop={() => dragged && dragged !== id && settings.setColumns(moveColumn(ids, dragged, id))}
              className={`flex min-h-8 items-center gap-1 rounded hover:bg-sunken ${dragged === id ? "opacity-50" : ""}`}
            >
              <Tick
                label={label}
                checked
                disabled={ids.length === 1}
                onChange={() => settings.setColumns(ids.filter((one) => one !== id))}
              />
              <Small label={`Pin ${label}`} pressed={pinned.has(id)} onClick={() => pin(id)}>
                <PinIcon />
              </Small>
              <Small
                label={`Move ${label} left`}
                onClick={() => settings.setColumns(shiftColumn(ids, id, -1))}
              >
                <ArrowUpIcon />
              </Small>
              <Small
                label={`Move ${label} right`}
                onClick={() => settings.setColumns(shiftColumn(ids, id, 1))}
              >
                <ArrowDownIcon />
              </Small>
            </li>
          ))}
        </ul>
        {(Object.keys(KINDS) as (keyof typeof KINDS)[]).map((kind) => {
          const members = hidden.filter((column) => column.kind === kind);
          return (
            members.length > 0 && (
              <div key={kind}>
                <h3 className="mt-3 font-medium text-ink-faint text-xs">{KINDS[kind]} that are not shown</h3>
                <ul>
                  {members.map(({ id, label }) => (
                    <li key={id} className="flex min-h-8 items-center rounded hover:bg-sunken">
                      <Tick
                        label={label}
                        checked={false}
                        onChange={() => settings.setColumns([...ids, id])}
                      />
                    </li>
                  ))}
                </ul>
              </div>
            )
          );
        })}
      </div>
      <DialogFoot>
        <Button
          onClick={() => {
            settings.setColumns([]);
            settings.setPinned([]);
          }}
        >
          The usual ones
        </Button>
        <Button weight="solid" onClick={onClose}>
          Done
        </Button>
      </DialogFoot>
    </>
  );
}

function Tick(props: { label: string; checked: boolean; disabled?: boolean; onChange: () => void }) {
  const { label, checked, disabled = false, onChange } = props;
  return (
    <label className="flex min-h-8 min-w-0 flex-1 items-center gap-2 px-1 text-sm">
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={onChange}
        className="size-4 accent-(--ink)"
      />
      <span className="truncate">{label}</span>
    </label>
  );
}

function Small(props: { label: string; pressed?: boolean; onClick: () => void; children: React.ReactNode }) {
  const { label, pressed, onClick, children } = props;
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...(pressed !== undefined && { "aria-pressed": pressed })}
      onClick={onClick}
      className="inline-flex size-7 items-center justify-center rounded-md text-ink-faint hover:text-ink aria-pressed:bg-quiet-wash aria-pressed:text-ink"
    >
      {children}
    </button>
  );
}
