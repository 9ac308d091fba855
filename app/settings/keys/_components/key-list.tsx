"use client";

import { useState } from "react";
import { ConfirmVerb } from "@/app/_components/confirm-verb";
import { type ApiKey, type KeyScope, RevokeApiKey } from "@/graphql/operations/accounts";
import { Button } from "@/ui/kit/button";
import { Ago, Day } from "@/ui/kit/clock";
import { type Column, DataTable } from "@/ui/kit/data-table";

const SCOPES: Readonly<Record<KeyScope, string>> = { read: "read", write: "work", full: "everything" };

export function KeyList({ keys, label }: { keys: readonly ApiKey[]; label: string }) {
  const [asked, setAsked] = useState<ApiKey>();
  return (
    <>
      <DataTable label={label} columns={toColumns(setAsked)} rows={keys} keyOf={({ id }) => id} />
      <ConfirmVerb
        verb={RevokeApiKey}
        input={asked && { keyId: asked.id }}
        title={`Revoke ${asked?.name ?? ""}?`}
        action="Revoke key"
        done={`${asked?.name ?? ""} is revoked`}
        onClose={() => setAsked(undefined)}
      >
        Whatever uses it is refused at once: agents with it stop, and their runs go back to the queue. This
        can't be undone.
      </ConfirmVerb>
    </>
  );
}

const toColumns = (onRevoke: (key: ApiKey) => void): Column<ApiKey>[] => [
  { key: "name", label: "Name", cell: ({ name }) => <span className="break-words font-medium">{name}</span> },
  {
    key: "prefix",
    label: "Starts with",
    cell: ({ prefix }) => <code className="font-mono text-xs">{prefix}...</code>,
  },
  {
    key: "scope",
    label: "May",
    cell: ({ scope, project }) => (
      <>
        {SCOPES[scope]}
        {project && (
          <span className="text-ink-faint">
            {" "}
            in {project.entity.name}/{project.name}
          </span>
        )}
      </>
    ),
  },
  {
    key: "used",
    label: "Last used",
    cell: ({ lastUsedAt }) =>
      lastUsedAt ? <Ago at={lastUsedAt} /> : <span className="text-ink-faint">never</span>,
  },
  {
    key: "ends",
    label: "Ends",
    cell: ({ expiresAt, revokedAt }) =>
      revokedAt ? (
        <>
          revoked <Day at={revokedAt} />
        </>
      ) : expiresAt ? (
        <Day at={expiresAt} />
      ) : (
        <span className="text-ink-faint">never</span>
      ),
  },
  {
    key: "actions",
    label: "Actions",
    quiet: true,
    align: "right",
    cell: (key) =>
      key.revokedAt === null && (
        <Button weight="bare" onClick={() => onRevoke(key)} aria-label={`Revoke ${key.name}`}>
          Revoke
        </Button>
      ),
  },
];
