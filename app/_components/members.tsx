"use client";

import { type FormEvent, useRef, useState } from "react";
import { textOf } from "@/app/_lib/form";
import { useVerb } from "@/app/_live/use-verb";
import { type Member, type Place, RemoveMember, type Role, SetMember } from "@/graphql/operations/accounts";
import { Button } from "@/ui/kit/button";
import { Day } from "@/ui/kit/clock";
import { type Column, DataTable } from "@/ui/kit/data-table";
import { TextField } from "@/ui/kit/field";
import { Notice } from "@/ui/kit/notice";
import { BareSelect, Select } from "@/ui/kit/select";
import { showToast } from "@/ui/kit/toast";
import { ConfirmVerb } from "./confirm-verb";
import { ROLE_CHOICES, toPlaceName } from "./roles";

/** Who may do what in a team or a project; its admins change it here. */
export function Members(props: {
  place: Place;
  members: readonly Member[];
  viewer: string | undefined;
  canEdit: boolean;
}) {
  const { place, members, viewer, canEdit } = props;
  const [asked, setAsked] = useState<Member>();
  const name = toPlaceName(place);
  const isSelf = asked?.user.name === viewer;
  return (
    <>
      <DataTable
        label={`Members of ${name}`}
        columns={toColumns({ place, viewer, canEdit, onRemove: setAsked })}
        rows={members}
        keyOf={({ user }) => user.name}
      />
      {canEdit && members.length < 2 && (
        <p className="mt-4 max-w-2xl text-ink-soft text-sm">
          Nobody else works here yet. Add somebody who has an account, or send an invitation link from below
          to somebody who has none.
        </p>
      )}
      {canEdit && <AddMember place={place} />}
      <ConfirmVerb
        verb={RemoveMember}
        input={asked && { ...place, user: asked.user.name }}
        title={isSelf ? `Leave ${name}?` : `Remove ${asked?.user.name ?? ""} from ${name}?`}
        action={isSelf ? "Leave" : "Remove"}
        keep={isSelf ? "Stay" : "Keep"}
        done={isSelf ? `You left ${name}` : `${asked?.user.name ?? ""} is removed`}
        onClose={() => setAsked(undefined)}
      >
        {isSelf ? "You lose" : `${asked?.user.name ?? ""} loses`} what the role gave here, keys included.
        Sweeps and runs stay.
      </ConfirmVerb>
    </>
  );
}

const toColumns = (options: {
  place: Place;
  viewer: string | undefined;
  canEdit: boolean;
  onRemove: (member: Member) => void;
}): Column<Member>[] => [
  {
    key: "name",
    label: "Name",
    cell: ({ user }) => (
      <span className="break-words">
        <span className="font-medium">{user.name}</span>
        {user.displayName && <span className="text-ink-faint"> {user.displayName}</span>}
        {user.name === options.viewer && <span className="text-ink-faint"> (you)</span>}
      </span>
    ),
  },
  {
    key: "role",
    label: "Role",
    cell: (member) =>
      options.canEdit && isOwn(member, options.place) ? (
        <RoleSelect place={options.place} member={member} />
      ) : (
        member.role
      ),
  },
  {
    key: "source",
    label: "By",
    cell: ({ source }) => <span className="text-ink-faint">{SOURCES[source]}</span>,
  },
  { key: "since", label: "Since", cell: ({ since }) => <Day at={since} /> },
  {
    key: "actions",
    label: "Actions",
    quiet: true,
    align: "right",
    cell: (member) => {
      const self = member.user.name === options.viewer;
      return (
        isOwn(member, options.place) &&
        (options.canEdit || self) && (
          <Button
            weight="bare"
            onClick={() => options.onRemove(member)}
            aria-label={self ? "Leave" : `Remove ${member.user.name}`}
          >
            {self ? "Leave" : "Remove"}
          </Button>
        )
      );
    },
  },
];

const SOURCES: Readonly<Record<Member["source"], string>> = {
  owner: "owner",
  team: "team",
  project: "project",
};

/** Whether this place gave the role: a team's role is changed in the team, an owner's nowhere. */
const isOwn = ({ source }: Member, place: Place): boolean =>
  source === ("team" in place ? "team" : "project");

function RoleSelect({ place, member }: { place: Place; member: Member }) {
  const { busy, run, rest } = useVerb(SetMember);
  const change = async (role: Role) => {
    if (await run({ ...place, user: member.user.name, role }))
      showToast(`${member.user.name} is ${role} now`);
  };
  return (
    <>
      <BareSelect
        // After a refusal the old role stands there again.
        key={`${member.role} ${rest ?? ""}`}
        label={`Role of ${member.user.name}`}
        choices={ROLE_CHOICES}
        defaultValue={member.role}
        disabled={busy}
        onChange={(event) => void change(event.target.value as Role)}
        className="w-32"
      />
      <span role="alert" className="mt-1 block text-bad empty:hidden">
        {rest}
      </span>
    </>
  );
}

function AddMember({ place }: { place: Place }) {
  const { busy, run, errorOf, rest } = useVerb(SetMember, ["user", "role"]);
  const formRef = useRef<HTMLFormElement>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const user = textOf(form, "user");
    if (!(await run({ ...place, user, role: textOf(form, "role") as Role }))) return;
    formRef.current?.reset();
    showToast(`${user} is a member now`);
  };
  return (
    <form ref={formRef} onSubmit={submit} className="mt-5 grid max-w-xl gap-3">
      <div className="grid gap-3 sm:grid-cols-[minmax(0,1fr)_9rem_auto] sm:items-start">
        <TextField
          label="Add a user of this server"
          name="user"
          required
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          placeholder="user name"
          error={errorOf("user")}
        />
        <Select
          label="Role"
          name="role"
          choices={ROLE_CHOICES}
          defaultValue="member"
          error={errorOf("role")}
        />
        <Button type="submit" disabled={busy} className="sm:mt-6">
          Add
        </Button>
      </div>
      {rest && (
        <Notice tone="bad" live>
          {rest}
        </Notice>
      )}
    </form>
  );
}
