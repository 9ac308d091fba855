"use client";

import { useState } from "react";
import { newMutationId, RequestError, request } from "@/app/_live/request";
import { ResetMachine } from "@/graphql/operations/agent";
import type { MachineLine, SweepHead } from "@/graphql/operations/pages";
import { formatCount } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { Ago } from "@/ui/kit/clock";
import { Notice } from "@/ui/kit/notice";

/** A program that fails everywhere puts every machine in quarantine. */
const FEW_MACHINES = 5;

/** Machines that get no more runs of the sweep, for their failures in a row: why, and the way back. */
export function Machines({ head }: { head: SweepHead }) {
  const [all, setAll] = useState(false);
  const quarantined = head.machines.filter(({ quarantinedAt }) => quarantinedAt !== null);
  if (quarantined.length === 0) return null;
  const shown = all ? quarantined : quarantined.slice(0, FEW_MACHINES);
  return (
    <div className="mb-4 space-y-2">
      <ul className="space-y-2">
        {shown.map((machine) => (
          <li key={machine.host}>
            <Machine machine={machine} sweepId={head.id} editable={head.viewerCanEdit} />
          </li>
        ))}
      </ul>
      {shown.length < quarantined.length && (
        <Button onClick={() => setAll(true)}>
          Show all {formatCount(quarantined.length)} machines in quarantine
        </Button>
      )}
    </div>
  );
}

function Machine(props: { machine: MachineLine; sweepId: string; editable: boolean }) {
  const { machine, sweepId, editable } = props;
  const { host, reason, quarantinedAt } = machine;
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const lift = async () => {
    setBusy(true);
    setRefusal(undefined);
    try {
      const input = { sweepId, host, clientMutationId: newMutationId() };
      const { resetMachine } = await request(ResetMachine, { input });
      setRefusal(resetMachine.error?.message);
    } catch (error) {
      setRefusal(error instanceof RequestError ? error.message : "the server could not be reached");
    } finally {
      setBusy(false);
    }
  };
  return (
    <Notice tone="warn" title={`${host} gets no more runs`}>
      <p className="text-ink">
        {reason}
        {quarantinedAt && (
          <span className="text-ink-soft">
            {" "}
            (<Ago at={quarantinedAt} />)
          </span>
        )}
        . They go out again to other machines. Look at what they printed, mend the machine, then lift this and
        start an agent there.
      </p>
      {editable && (
        <Button className="mt-2" onClick={lift} disabled={busy}>
          Lift
        </Button>
      )}
      <p role="alert" className="mt-1 text-bad empty:hidden">
        {refusal}
      </p>
    </Notice>
  );
}
