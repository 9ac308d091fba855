"use client";

import type { AuditEvent } from "@/graphql/operations/accounts";
import { Ago } from "@/ui/kit/clock";
import { type Column, DataTable } from "@/ui/kit/data-table";

export function EventList({ events }: { events: readonly AuditEvent[] }) {
  return <DataTable label="Events" columns={COLUMNS} rows={events} keyOf={({ id }) => id} />;
}

const COLUMNS: Column<AuditEvent>[] = [
  { key: "at", label: "When", cell: ({ at }) => <Ago at={at} /> },
  {
    key: "who",
    label: "Who",
    cell: ({ user, caller }) => (
      <span className="break-words font-medium" title={caller}>
        {user?.name ?? caller}
      </span>
    ),
  },
  { key: "what", label: "What", cell: ({ action }) => toWords(action) },
  {
    key: "target",
    label: "On",
    cell: ({ target }) => target && <span className="wrap-anywhere">{target}</span>,
  },
  {
    key: "details",
    label: "Details",
    cell: ({ details }) => {
      const text = toDetails(details);
      return text && <span className="wrap-anywhere text-ink-faint text-xs">{text}</span>;
    },
  },
];

/** `api_key.create` -> "api key create" */
const toWords = (action: string): string => action.replaceAll(/[._]/g, " ");

function toDetails(details: unknown): string {
  if (typeof details !== "object" || details === null) return "";
  return Object.entries(details)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}
