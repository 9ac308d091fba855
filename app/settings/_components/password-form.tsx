"use client";

import { type FormEvent, useRef } from "react";
import { secretOf } from "@/app/_lib/form";
import { useVerb } from "@/app/_live/use-verb";
import { ChangePassword } from "@/graphql/operations/accounts";
import { Button } from "@/ui/kit/button";
import { TextField } from "@/ui/kit/field";
import { Notice } from "@/ui/kit/notice";
import { showToast } from "@/ui/kit/toast";

export function PasswordForm({ hasPassword, name }: { hasPassword: boolean; name: string }) {
  const { busy, run, errorOf, rest } = useVerb(ChangePassword, ["current", "password"]);
  const formRef = useRef<HTMLFormElement>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const done = await run({
      ...(hasPassword && { current: secretOf(form, "current") }),
      password: secretOf(form, "password"),
    });
    if (!done) return;
    formRef.current?.reset();
    showToast(hasPassword ? "Password changed" : "Password set");
  };
  return (
    <form ref={formRef} onSubmit={submit} className="grid max-w-md gap-4">
      {/* Password managers want to know whose password it is. */}
      <input type="hidden" name="username" autoComplete="username" value={name} readOnly />
      {hasPassword && (
        <TextField
          label="Current password"
          name="current"
          type="password"
          autoComplete="current-password"
          required
          error={errorOf("current")}
        />
      )}
      <TextField
        label="New password"
        name="password"
        type="password"
        autoComplete="new-password"
        required
        help="At least 10 characters. Your other sessions end; API keys stay."
        error={errorOf("password")}
      />
      {rest && (
        <Notice tone="bad" live>
          {rest}
        </Notice>
      )}
      <div>
        <Button type="submit" weight="solid" disabled={busy}>
          {hasPassword ? "Change password" : "Set password"}
        </Button>
      </div>
    </form>
  );
}
