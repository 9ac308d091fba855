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

/** A one-time link posts its token by itself; everybody else types a password or goes to the provider. */
export function SignIn(props: {
  /** Where to go afterwards. */
  next: string;
  /** The OpenID provider's name, where there is one. */
  openId: string | null;
  /** What the provider's way back has to say. */
  refused: string | undefined;
}) {
  const { next, openId, refused } = props;
  const [redeeming, setRedeeming] = useState(false);
  const [dead, setDead] = useState<string>();

  useToken(async (token) => {
    if (!token) return;
    setRedeeming(true);
    setDead(undefined);
    const { refusal } = await post("/login", { token });
    if (!refusal) return location.assign(withBase(next));
    setRedeeming(false);
    setDead(refusal.message);
  });

  if (redeeming)
    return (
      <p role="status" className="text-ink-soft">
        Signing you in ...
      </p>
    );
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

function DeadLink({ message }: { message: string }) {
  return (
    <Notice tone="bad" live title="This link signs nobody in any more" className="mb-5">
      <p>{message}</p>
    </Notice>
  );
}
