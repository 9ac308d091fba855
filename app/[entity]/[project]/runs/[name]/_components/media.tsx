"use client";

import dynamic from "next/dynamic";
import { useEffect, useState } from "react";
import { useNear } from "@/app/_live/use-near";
import { isOver } from "@/core/run";
import type { RunHead } from "@/graphql/operations/run-page";
import { plural } from "@/ui/format";
import { CommandBlock } from "@/ui/kit/copy";
import { Panel } from "@/ui/kit/panel";

const MediaPanels = dynamic(() => import("./media-panels").then((part) => part.MediaPanels), {
  loading: () => <div className="min-h-96" />,
});

/** Pictures, tables, sound and the like that it logged. What draws them is loaded when somebody comes near. */
export function Media({ head }: { head: RunHead }) {
  const [ref, near] = useNear<HTMLDivElement>();
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (near) setSeen(true);
  }, [near]);
  const keys = head.summary.flatMap(({ name, media }) => (media === null ? [] : [{ name, kind: media }]));
  return (
    <Panel id="media" title="Media" note={keys.length > 0 && plural(keys.length, "key")}>
      <div ref={ref}>
        {keys.length === 0 ? (
          <>
            <p className="mb-2 text-ink-faint text-sm">
              {isOver(head.state) ? "It logged numbers alone." : "Nothing but numbers so far."} Pictures,
              tables, histograms, sound and films stand here once a program logs them:
            </p>
            <CommandBlock
              command={'wandb.log({"examples": [wandb.Image(image, caption="…")]})'}
              label="Copy"
            />
          </>
        ) : seen ? (
          <MediaPanels head={head} keys={keys} />
        ) : (
          <div className="min-h-96" />
        )}
      </div>
    </Panel>
  );
}
