"use client";

import { plural } from "@/ui/format";
import { Confirm } from "@/ui/kit/confirm";

/** Of all that can be done to a sweep, the one thing that can't be taken back. */
export function ConfirmCancel(props: {
  open: boolean;
  /** In progress now. */
  running: number;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const { open, running, onConfirm, onClose } = props;
  return (
    <Confirm
      open={open}
      title="Cancel this sweep?"
      action="Cancel the sweep"
      keep="Keep it"
      onConfirm={() => {
        onClose();
        onConfirm();
      }}
      onClose={onClose}
    >
      <p>
        {running > 0 ? `${plural(running, "run")} in progress will be killed. ` : "No more runs will start. "}
        A canceled sweep can't be resumed; Stop lets it end in order and can be taken back.
      </p>
    </Confirm>
  );
}
