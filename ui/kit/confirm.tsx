"use client";

import type { ReactNode } from "react";
import { Button } from "./button";
import { Dialog, DialogFoot } from "./dialog";

/** Asks once before what can't be undone. Escape and "Keep" leave things as they are; focus starts on "Keep". */
export function Confirm(props: {
  open: boolean;
  title: string;
  children: ReactNode;
  action: string;
  keep: string;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const { open, title, children, action, keep, onConfirm, onClose } = props;
  return (
    <Dialog open={open} title={title} onClose={onClose}>
      <div className="mt-2 text-ink-soft">{children}</div>
      <DialogFoot>
        <Button onClick={onClose} autoFocus>
          {keep}
        </Button>
        <Button weight="danger" onClick={onConfirm}>
          {action}
        </Button>
      </DialogFoot>
    </Dialog>
  );
}
