"use client";

import { withBase } from "@/app/_lib/base";
import { signOut } from "@/app/_lib/sign-out";
import { ChevronIcon, CodeIcon, KeyIcon, LeaveIcon, PersonIcon, TeamIcon } from "@/ui/kit/icons";
import { Menu } from "@/ui/kit/menu";

/** Who one is here, what is one's own, and the way out. */
export function AccountMenu({ name }: { name: string }) {
  return (
    <Menu
      label={`Account of ${name}`}
      head={
        <>
          <p className="text-ink-faint text-xs">Signed in as</p>
          <p className="truncate font-semibold">{name}</p>
        </>
      }
      items={[
        { label: "Settings", icon: <PersonIcon />, href: withBase("/settings") },
        { label: "API keys", icon: <KeyIcon />, href: withBase("/settings/keys") },
        { label: "Teams", icon: <TeamIcon />, href: withBase("/settings/teams") },
        { label: "API explorer", icon: <CodeIcon />, href: withBase("/graphql") },
        "rule",
        { label: "Sign out", icon: <LeaveIcon />, onSelect: () => signOut(name) },
      ]}
    >
      <PersonIcon />
      <span className="hidden max-w-40 truncate sm:inline">{name}</span>
      <ChevronIcon />
    </Menu>
  );
}
