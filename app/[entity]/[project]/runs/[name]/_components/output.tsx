"use client";

import { useEffect, useRef } from "react";
import type { RunDetail } from "@/graphql/operations/pages";
import { Panel } from "@/ui/kit/panel";
import { Scroll } from "@/ui/kit/scroll";

/** The last lines it printed. Follows the end for as long as the reader is there, and stays put otherwise. */
export function Output({ output }: { output: RunDetail["output"] }) {
  const box = useRef<HTMLElement>(null);
  const atEnd = useRef(true);
  const last = output.nodes.at(-1)?.time;
  // biome-ignore lint/correctness/useExhaustiveDependencies: new output is the trigger
  useEffect(() => {
    if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [last]);
  return (
    <Panel id="output" title="Output" note={output.pageInfo.hasPreviousPage && "the last lines"}>
      {output.nodes.length === 0 ? (
        <p className="rounded-lg bg-sunken px-4 py-8 text-center text-ink-faint">It printed nothing yet.</p>
      ) : (
        <Scroll
          ref={box}
          label="Text of the output"
          className="max-h-96 rounded-lg border border-line bg-sunken"
          onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
            atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
          }}
        >
          <pre className="whitespace-pre-wrap break-words p-3 font-mono text-xs leading-5" translate="no">
            {output.nodes.map((piece, i) => (
              <span
                // biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place
                key={i}
                className={piece.stream === "stderr" ? "text-bad" : ""}
              >
                {piece.text}
              </span>
            ))}
          </pre>
        </Scroll>
      )}
    </Panel>
  );
}
