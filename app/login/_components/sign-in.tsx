"use client";

import { type FormEvent, useState } from "react";
import { withBase } from "@/app/_lib/base";
import { secretOf, textOf } from "@/app/_lib/form";
import { post } from "@/app/_live/post";
import type { Refusal } from "@/app/_live/refusal";
import { useToken } from "@/app/_live/use-token";
import { Button, buttonLook } from "@/ui/kit/button";
import { CommandBlock } from "@/ui/kit/copy";
import { TextField } from "@/ui/kit/field";
import { Notice } from "@/ui/kit/notice";

/**
 * A one-time link posts its token by itself, unless somebody is signed in, whom a stranger's link must not make work in the
 * stranger's account unasked; everybody else types a password or goes to the provider.
 */
export function SignIn(props: {
  /** Who is signed in in this browser. */
  viewer: string | undefined;
  /** Where to go afterwards. */
  next: string;
  /** The OpenID provider's name, where there is one. */
  openId: string | null;
  /** What the provider's way back has to say. */
  refused: string | undefined;
}) {
  const { viewer, next, openId, refused } = props;
  const [offered, setOffered] = useState<string>();
  const [redeeming, setRedeeming] = useState(false);
  const [dead, setDead] = useState<string>();

  const redeem = async (token: string) => {
    setOffered(undefined);
    setRedeeming(true);
    setDead(undefined);
    const { refusal } = await post("/login", { token });
    if (!refusal) return location.assign(withBase(next));
    setRedeeming(false);
    setDead(refusal.message);
  };
  useToken((token) => {
    if (!token) return;
    if (viewer) setOffered(token);
    else void redeem(token);
  });

  if (redeeming)
    return (
      <p role="status" className="text-ink-soft">
        Signing you in ...
      </p>
    );
  if (offered) return <OfferedLink viewer={viewer ?? ""} onUse={() => void redeem(offered)} />;
  return (
    <>
      {dead && <DeadLink message={dead} />}
      {refused && (
        <Notice tone="bad" className="mb-5">
          {refused}
        </Notice>
      )}
      {openId && (
        <>
          <a href={withBase("/login/oidc")} className={`${buttonLook("line")} w-full`}>
            Sign in with {openId}
          </a>
          <p className="my-4 flex items-center gap-3 text-ink-faint text-sm before:h-px before:grow before:bg-line after:h-px after:grow after:bg-line">
            or with a password
          </p>
        </>
      )}
      <PasswordForm next={next} />
      <div className="mt-8 border-line border-t pt-4 text-ink-soft text-sm">
        <h2 className="font-semibold text-ink">No password yet?</h2>
        <p className="mt-1 mb-3">
          Each start of the server prints a one-time link that signs its administrator in; everybody else is
          invited by a link. Agents wait during a restart and lose nothing.
        </p>
        <CommandBlock command="npm start" label="Copy" />
      </div>
    </>
  );
}

function PasswordForm({ next }: { next: string }) {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    const { refusal: why } = await post("/login", {
      name: textOf(form, "name"),
      password: secretOf(form, "password"),
    });
    if (!why) return location.assign(withBase(next));
    setRefusal(why);
    setBusy(false);
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <TextField
        label="User name or email"
        name="name"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
      />
      <TextField
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        error={refusal?.message}
      />
      <Button type="submit" weight="solid" disabled={busy}>
        {busy ? "Signing in ..." : "Sign in"}
      </Button>
    </form>
  );
}

function OfferedLink({ viewer, onUse }: { viewer: string; onUse: () => void }) {
  return (
    <Notice tone="plain" title="This link signs in somebody, perhaps not you">
      <p className="mb-3">
        It ends the session of {viewer} here, and what you do then is done as whom it signs in. Use it only if
        you asked for it.
      </p>
      <Button weight="solid" onClick={onUse}>
        Sign in by the link
      </Button>
    </Notice>
  );
}

function DeadLink({ message }: { message: string }) {
  return (
    <Notice tone="bad" live title="This link signs nobody in any more" className="mb-5">
      <p>{message}</p>
    </Notice>
  );
}
