"use client";

import Link from "next/link";
import { type FormEvent, useState } from "react";
import { withBase } from "@/app/_lib/base";
import { secretOf, textOf } from "@/app/_lib/form";
import { toTeamPath } from "@/app/_lib/paths";
import { type Posted, post } from "@/app/_live/post";
import type { Refusal } from "@/app/_live/refusal";
import { useToken } from "@/app/_live/use-token";
import type { Role } from "@/graphql/operations/accounts";
import { Button } from "@/ui/kit/button";
import { Day } from "@/ui/kit/clock";
import { TextField } from "@/ui/kit/field";
import { Notice } from "@/ui/kit/notice";

/** What `POST /invite` tells about a token. */
interface Shown {
  by: string;
  team?: string | null;
  /** `entity/project` */
  project?: string | null;
  role?: Role | null;
  email?: string | null;
  expiresAt: string;
}

type State =
  | { kind: "reading" }
  | { kind: "dead"; message: string }
  | { kind: "open"; token: string; invitation: Shown };

export function Invite({ viewer }: { viewer: string | undefined }) {
  const [state, setState] = useState<State>({ kind: "reading" });
  useToken(async (token) => {
    if (!token) return setState({ kind: "dead", message: NO_TOKEN });
    const { answer, refusal } = await post<{ invitation: Shown }>("/invite", { token });
    setState(
      refusal
        ? { kind: "dead", message: refusal.message }
        : { kind: "open", token, invitation: answer.invitation },
    );
  });

  if (state.kind === "reading")
    return (
      <p role="status" className="text-ink-soft">
        Reading the invitation ...
      </p>
    );
  if (state.kind === "dead") return <Dead message={state.message} />;
  const { token, invitation } = state;
  return (
    <>
      <h1 className="break-words font-semibold text-xl tracking-tight">{toTitle(invitation)}</h1>
      <p className="mt-2 mb-6 break-words text-ink-soft">
        <strong className="font-semibold text-ink">{invitation.by}</strong> invites you{toPlace(invitation)}.
      </p>
      {viewer ? (
        <Accept token={token} team={invitation.team} viewer={viewer} />
      ) : (
        <NewAccount token={token} team={invitation.team} email={invitation.email ?? undefined} />
      )}
    </>
  );
}

const NO_TOKEN = "The address holds no invitation: open the link as it was sent, to its last character.";

interface Opened {
  token: string;
  team: string | null | undefined;
}

function Accept({ token, team, viewer }: Opened & { viewer: string }) {
  const [busy, accept, refusal] = useAccept(token, team);
  return (
    <div className="grid gap-3">
      {refusal && (
        <Notice tone="bad" live>
          {refusal.message}
        </Notice>
      )}
      <Button weight="solid" disabled={busy} onClick={() => accept({})}>
        Join as {viewer}
      </Button>
      <p className="text-ink-faint text-sm">
        Not {viewer}? Sign out in the menu above, then open the link once more.
      </p>
    </div>
  );
}

function NewAccount({ token, team, email }: Opened & { email: string | undefined }) {
  const [busy, accept, refusal] = useAccept(token, team);
  const errorOf = (field: string) => (refusal?.field === field ? refusal.message : undefined);
  const isElsewhere = refusal && !["name", "displayName", "password"].includes(refusal.field ?? "");
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const displayName = textOf(form, "displayName");
    accept({
      name: textOf(form, "name"),
      password: secretOf(form, "password"),
      ...(displayName && { displayName }),
    });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      {isElsewhere && (
        <Notice tone="bad" live>
          {refusal.message}
        </Notice>
      )}
      {email && <p className="text-ink-soft text-sm">This invitation was made for {email}.</p>}
      <TextField
        label="User name"
        name="name"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        help="Stands in addresses: letters, digits, dot, hyphen and underscore."
        error={errorOf("name")}
      />
      <TextField
        label="Your name (optional)"
        name="displayName"
        autoComplete="name"
        error={errorOf("displayName")}
      />
      <TextField
        label="Password"
        name="password"
        type="password"
        autoComplete="new-password"
        required
        help="At least 10 characters. Length counts, not signs."
        error={errorOf("password")}
      />
      <Button type="submit" weight="solid" disabled={busy}>
        Create account and join
      </Button>
      <p className="text-ink-soft text-sm">
        You have an account here?{" "}
        <Link href="/login" className="font-medium text-link underline underline-offset-2">
          Sign in
        </Link>{" "}
        first, then open the link once more.
      </p>
    </form>
  );
}

/** A team has no page of its own but its settings; everything else the server names. */
function useAccept(
  token: string,
  team: string | null | undefined,
): [busy: boolean, accept: (account: Record<string, string>) => void, refusal: Refusal | undefined] {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  const accept = async (account: Record<string, string>) => {
    setBusy(true);
    const { answer, refusal: why }: Posted<{ url: string }> = await post("/invite/accept", {
      token,
      ...account,
    });
    if (answer) return location.assign(team ? withBase(toTeamPath(team)) : answer.url);
    setRefusal(why);
    setBusy(false);
  };
  return [busy, (account) => void accept(account), refusal];
}

function Dead({ message }: { message: string }) {
  return (
    <>
      <h1 className="font-semibold text-xl tracking-tight">This invitation can't be used</h1>
      <p className="mt-2 text-ink-soft">{message}</p>
      <p className="mt-4 text-ink-soft">
        Invitations work once and for a limited time; whoever sent it can make another.
      </p>
    </>
  );
}

const toTitle = ({ team, project }: Shown): string =>
  team ? `Join the team ${team}` : project ? `Join the project ${project}` : "Join this Besom server";

function toPlace({ team, project, role, expiresAt }: Shown) {
  const where = team ? ` to the team ${team}` : project ? ` to the project ${project}` : "";
  return (
    <>
      {where}
      {role && ` as ${role}`} until <Day at={expiresAt} />
    </>
  );
}
