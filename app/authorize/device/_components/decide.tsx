"use client";

import { useState } from "react";
import { useVerb } from "@/app/_live/use-verb";
import { ApproveDevice, type DeviceLogin } from "@/graphql/operations/accounts";
import { Button } from "@/ui/kit/button";
import { Ago } from "@/ui/kit/clock";
import { Notice } from "@/ui/kit/notice";

/** Which machine asks, with which code, and yes or no. */
export function Decide({ login, viewer }: { login: DeviceLogin; viewer: string }) {
  const { userCode, label, address, createdAt } = login;
  const [decided, setDecided] = useState<"approved" | "denied">();
  const verb = useVerb(ApproveDevice);
  const decide = async (approve: boolean) => {
    if (await verb.run({ userCode, approve })) setDecided(approve ? "approved" : "denied");
  };
  if (decided)
    return (
      <Notice
        tone={decided === "approved" ? "good" : "plain"}
        live
        title={decided === "approved" ? `${label} is signed in` : "Nothing was given"}
      >
        {decided === "approved"
          ? "The terminal goes on by itself; you can close this page. Its key stands among your API keys, where you can revoke it."
          : "The terminal was told no. You can close this page."}
      </Notice>
    );
  return (
    <>
      <p className="mb-5 text-ink-soft">
        A terminal asks to work as <strong className="font-semibold text-ink">{viewer}</strong>. Approve only
        if you started it yourself just now and it shows this code:
      </p>
      <p
        className="mb-5 rounded-lg border border-line bg-sunken py-4 text-center font-mono font-semibold text-2xl tracking-widest"
        translate="no"
      >
        {userCode}
      </p>
      <dl className="mb-6 grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-1.5">
        <dt className="text-ink-faint">Machine</dt>
        <dd className="break-words">{label}</dd>
        {address && (
          <>
            <dt className="text-ink-faint">Address</dt>
            <dd className="figures break-words">{address}</dd>
          </>
        )}
        <dt className="text-ink-faint">Asked</dt>
        <dd>
          <Ago at={createdAt} />
        </dd>
      </dl>
      {verb.rest && (
        <Notice tone="bad" live className="mb-4">
          {verb.rest}
        </Notice>
      )}
      <div className="flex gap-2">
        <Button weight="solid" disabled={verb.busy} onClick={() => decide(true)}>
          Approve
        </Button>
        <Button disabled={verb.busy} onClick={() => decide(false)}>
          Deny
        </Button>
      </div>
    </>
  );
}
