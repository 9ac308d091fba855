"use client";

import { type FormEvent, type ReactNode, useState } from "react";
import { textOf } from "@/app/_lib/form";
import { useVerb } from "@/app/_live/use-verb";
import {
  CreateInvitation,
  type Invitation,
  type Place,
  RevokeInvitation,
  type Role,
} from "@/graphql/operations/accounts";
import { Button } from "@/ui/kit/button";
import { Ago, Day } from "@/ui/kit/clock";
import { CommandBlock } from "@/ui/kit/copy";
import { type Column, DataTable } from "@/ui/kit/data-table";
import { Checkbox, TextField } from "@/ui/kit/field";
import { Notice } from "@/ui/kit/notice";
import { Select } from "@/ui/kit/select";
import { ConfirmVerb } from "./confirm-verb";
import { ROLE_CHOICES } from "./roles";

const ENDS = [
  { value: "1", label: "In a day" },
  { value: "7", label: "In 7 days" },
  { value: "30", label: "In 30 days" },
];

/** Links that let somebody in: to a team, a project, or (without a place) to the server alone. */
export function Invitations({ place, invitations }: { place?: Place; invitations: readonly Invitation[] }) {
  const [asked, setAsked] = useState<Invitation>();
  return (
    <>
      <NewInvitation place={place} />
      {invitations.length === 0 ? (
        <p className="mt-6 text-ink-faint text-sm">
          No link is open. One made above stands here until it is used, revoked or ended.
        </p>
      ) : (
        <div className="mt-6">
          <DataTable
            label="Invitations"
            columns={toColumns(setAsked).filter(({ key }) => !place || key !== "to")}
            rows={invitations}
            keyOf={({ id }) => id}
          />
        </div>
      )}
      <ConfirmVerb
        verb={RevokeInvitation}
        input={asked && { invitationId: asked.id }}
        title="Revoke this invitation?"
        action="Revoke"
        done="The invitation is revoked"
        onClose={() => setAsked(undefined)}
      >
        Its link stops working at once.
      </ConfirmVerb>
    </>
  );
}

const toColumns = (onRevoke: (invitation: Invitation) => void): Column<Invitation>[] => [
  {
    key: "for",
    label: "For",
    cell: ({ email, admin }) => (
      <span className="break-words font-medium">
        {email ?? "whoever has the link"}
        {admin && <span className="font-normal text-best"> as server administrator</span>}
      </span>
    ),
  },
  {
    key: "to",
    label: "To",
    cell: ({ team, project }) =>
      team?.name ?? (project ? `${project.entity.name}/${project.name}` : "this server"),
  },
  { key: "role", label: "Role", cell: ({ role }) => role ?? <span className="text-ink-faint">none</span> },
  {
    key: "by",
    label: "By",
    cell: ({ createdBy, createdAt }) => (
      <>
        {createdBy.name}, <Ago at={createdAt} />
      </>
    ),
  },
  { key: "state", label: "State", cell: (invitation) => toState(invitation) },
  {
    key: "actions",
    label: "Actions",
    quiet: true,
    align: "right",
    cell: (invitation) =>
      isOpen(invitation) && (
        <Button
          weight="bare"
          onClick={() => onRevoke(invitation)}
          aria-label={`Revoke the invitation for ${invitation.email ?? "whoever has the link"}`}
        >
          Revoke
        </Button>
      ),
  },
];

const isOpen = ({ usedAt, revokedAt }: Invitation): boolean => usedAt === null && revokedAt === null;

function toState({ usedAt, usedBy, revokedAt, expiresAt }: Invitation): ReactNode {
  if (usedAt)
    return (
      <>
        used by {usedBy?.name ?? "somebody"}, <Ago at={usedAt} />
      </>
    );
  if (revokedAt)
    return (
      <span className="text-ink-faint">
        revoked <Ago at={revokedAt} />
      </span>
    );
  return (
    <>
      open until <Day at={expiresAt} />
    </>
  );
}

function NewInvitation({ place }: { place: Place | undefined }) {
  const { busy, run, errorOf, rest } = useVerb(CreateInvitation, ["email"]);
  const [url, setUrl] = useState<string>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const email = textOf(form, "email");
    const done = await run({
      ...place,
      ...(place ? { role: textOf(form, "role") as Role } : { admin: form.get("admin") !== null }),
      ...(email && { email }),
      expiresInDays: Number(textOf(form, "end")),
    });
    setUrl(done?.url ?? undefined);
  };
  return (
    <div className="grid max-w-2xl gap-5">
      <form onSubmit={submit} className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Email (optional)"
          name="email"
          type="email"
          autoComplete="off"
          help="A note on whom it is for; nothing is sent."
          error={errorOf("email")}
        />
        <div className="grid grid-cols-2 items-start gap-4">
          {place && <Select label="Role" name="role" choices={ROLE_CHOICES} defaultValue="member" />}
          <Select label="Ends" name="end" choices={ENDS} defaultValue="7" />
        </div>
        {!place && (
          <Checkbox
            label="Server administrator"
            name="admin"
            help="May do everything here, deletion included."
            className="sm:col-span-2"
          />
        )}
        {rest && (
          <Notice tone="bad" live className="sm:col-span-2">
            {rest}
          </Notice>
        )}
        <div>
          <Button type="submit" disabled={busy}>
            Make an invitation link
          </Button>
        </div>
      </form>
      {url && (
        <Notice tone="good" live title="Send this link; it works once and is shown only now">
          <div className="mt-2 text-ink">
            <CommandBlock command={url} label="Copy link" />
          </div>
        </Notice>
      )}
    </div>
  );
}
