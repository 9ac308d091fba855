"use client";

import { useState } from "react";
import { Dialog } from "@/ui/kit/dialog";
import { Checkbox } from "@/ui/kit/field";
import { type Act, Keys, setSingleKeys, usesSingleKeys, waysOf } from "@/ui/kit/shortcuts";

/** What the keys do on the page that is shown. */
export function ShortcutList(props: { open: boolean; acts: readonly Act[]; onClose: () => void }) {
  const { open, acts, onClose } = props;
  return (
    <Dialog open={open} title="Keyboard shortcuts" onClose={onClose}>
      <List acts={acts} />
    </Dialog>
  );
}

function List({ acts }: { acts: readonly Act[] }) {
  const [single, setSingle] = useState(usesSingleKeys);
  // A key that was declared twice does what stands first.
  const byKeys = new Map(acts.flatMap((act) => (act.keys ? [[act.keys, act] as const] : [])).reverse());
  return (
    <>
      <p className="mt-1 mb-3 text-ink-soft text-sm">
        On this page. None of them acts while you type in a field.
      </p>
      <dl className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-6 text-sm">
        {[...byKeys.values()].reverse().map(({ words, keys }) => (
          <div
            key={keys}
            className="col-span-2 grid min-h-9 grid-cols-subgrid items-center border-line border-t"
          >
            <dt>{words}</dt>
            <dd className="flex flex-wrap items-center justify-end gap-1.5">
              {waysOf(keys).map((way, i) => (
                <span key={way} className="inline-flex items-center gap-1.5">
                  {i > 0 && <span className="text-ink-faint text-xs">or</span>}
                  <Keys way={way} />
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <div className="mt-4 border-line border-t pt-4">
        <Checkbox
          label="Shortcuts of one letter"
          help="Off, only those with Ctrl, ⌘ or Alt act: for dictation, and for keys hit by mistake."
          checked={single}
          onChange={(event) => {
            setSingleKeys(event.target.checked);
            setSingle(event.target.checked);
          }}
        />
      </div>
    </>
  );
}
