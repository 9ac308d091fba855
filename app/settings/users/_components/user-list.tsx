"use client";

import { useState } from "react";
import { ConfirmVerb } from "@/app/_components/confirm-verb";
import { type ServerUser, SetUser } from "@/graphql/operations/accounts";
import { Chip } from "@/ui/kit/chip";
import { Day } from "@/ui/kit/clock";
import { type Column, DataTable } from "@/ui/kit/data-table";
import { BanIcon, DotsIcon, StarIcon } from "@/ui/kit/icons";
import { Menu } from "@/ui/kit/menu";

interface Change {
  input: { name: string; admin?: boolean; disabled?: boolean };
  title: string;
  text: string;
  action: string;
  done: string;
}

export function UserList({ users, viewer }: { users: readonly ServerUser[]; viewer: string | undefined }) {
  const [change, setChange] = useState<Change>();
  return (
    <>
      <DataTable
        label="Users of this server"
        columns={toColumns(viewer, setChange)}
        rows={users}
        keyOf={({ id }) => id}
      />
      <ConfirmVerb
        verb={SetUser}
        input={change?.input}
        title={change?.title ?? ""}
        action={change?.action ?? ""}
        keep="Leave it"
        done={change?.done ?? ""}
        onClose={() => setChange(undefined)}
      >
        {change?.text}
      </ConfirmVerb>
    </>
  );
}

const toColumns = (viewer: string | undefined, onChange: (change: Change) => void): Column<ServerUser>[] => [
  {
    key: "name",
    label: "Name",
    cell: ({ name, displayName }) => (
      <span className="break-words">
        <span className="font-medium">{name}</span>
        {displayName && <span className="text-ink-faint"> {displayName}</span>}
        {name === viewer && <span className="text-ink-faint"> (you)</span>}
      </span>
    ),
  },
  {
    key: "email",
    label: "Email",
    cell: ({ email }) => email && <span className="wrap-anywhere">{email}</span>,
  },
  {
    key: "state",
    label: "State",
    cell: ({ admin, disabledAt }) => (
      <span className="inline-flex flex-wrap gap-1.5">
        {admin && (
          <Chip tone="best" icon={<StarIcon />}>
            Administrator
          </Chip>
        )}
        {disabledAt && (
          <Chip tone="quiet" icon={<BanIcon />}>
            Disabled
          </Chip>
        )}
        {!admin && !disabledAt && <span className="text-ink-faint">user</span>}
      </span>
    ),
  },
  { key: "since", label: "Since", cell: ({ createdAt }) => <Day at={createdAt} /> },
  {
    key: "actions",
    label: "Actions",
    quiet: true,
    align: "right",
    cell: (user) =>
      user.name !== viewer && (
        <span className="inline-flex">
          <Menu
            label={`Change ${user.name}`}
            items={[
              {
                label: user.admin ? "Take administration" : "Make administrator",
                onSelect: () => onChange(toAdmin(user)),
              },
              {
                label: user.disabledAt ? "Enable" : "Disable",
                danger: !user.disabledAt,
                onSelect: () => onChange(toDisabled(user)),
              },
            ]}
          >
            <DotsIcon />
          </Menu>
        </span>
      ),
  },
];

function toAdmin({ name, admin }: ServerUser): Change {
  return admin
    ? {
        input: { name, admin: false },
        title: `Take administration from ${name}?`,
        text: "Roles in teams and projects stay.",
        action: "Take it",
        done: `${name} is no administrator any more`,
      }
    : {
        input: { name, admin: true },
        title: `Make ${name} an administrator?`,
        text: "Administrators see and may change everything on this server, other administrators included.",
        action: "Make administrator",
        done: `${name} is an administrator now`,
      };
}

function toDisabled({ name, disabledAt }: ServerUser): Change {
  return disabledAt
    ? {
        input: { name, disabled: false },
        title: `Enable ${name}?`,
        text: "Roles are as they were. Sessions that ended and keys that were revoked stay so.",
        action: "Enable",
        done: `${name} is enabled`,
      }
    : {
        input: { name, disabled: true },
        title: `Disable ${name}?`,
        text: "Sessions and keys are refused at once, running agents of theirs included. What they made stays.",
        action: "Disable",
        done: `${name} is disabled`,
      };
}
