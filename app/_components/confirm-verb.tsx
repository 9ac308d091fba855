"use client";

import type { ReactNode } from "react";
import { useVerb } from "@/app/_live/use-verb";
import type { Verb } from "@/graphql/operations/accounts";
import { Button } from "@/ui/kit/button";
import { Dialog, DialogFoot } from "@/ui/kit/dialog";
import { Notice } from "@/ui/kit/notice";
import { showToast } from "@/ui/kit/toast";

/** Asks once before something is taken away; open while there is an input. The focus starts on what changes nothing. */
export function ConfirmVerb<Input, Answer>(props: {
  verb: Verb<Input, Answer>;
  input: Input | undefined;
  title: string;
  /** What it costs. */
  children: ReactNode;
  action: string;
  keep?: string;
  /** Said in passing when it was done. */
  done: string;
  onDone?: () => void;
  onClose: () => void;
}) {
  const { verb, input, title, children, action, keep = "Keep it", done, onDone, onClose } = props;
  const { busy, run, rest, forget } = useVerb(verb);
  const close = () => {
    forget();
    onClose();
  };
  const act = async () => {
    if (input === undefined || !(await run(input))) return;
    showToast(done);
    onDone?.();
    close();
  };
  return (
    <Dialog open={input !== undefined} title={title} onClose={close}>
      <p className="mt-2 text-ink-soft">{children}</p>
      {rest && (
        <Notice tone="bad" live className="mt-3">
          {rest}
        </Notice>
      )}
      <DialogFoot>
        <Button onClick={close} autoFocus>
          {keep}
        </Button>
        <Button weight="danger" onClick={act} disabled={busy}>
          {action}
        </Button>
      </DialogFoot>
    </Dialog>
  );
}
