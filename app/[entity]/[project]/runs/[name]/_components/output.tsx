"use client";

import { memo, useEffect, useRef, useState } from "react";
import type { RunData } from "@/app/_live/run-store";
import { isOver } from "@/core/run";
import { formatCount } from "@/ui/format";
import { ArrowDownIcon } from "@/ui/kit/icons";
import { Panel } from "@/ui/kit/panel";
import { Scroll } from "@/ui/kit/scroll";
import { Toggle } from "@/ui/kit/toggle";
import type { Color, ScreenLine, Style } from "@/ui/terminal/screen";

/** Lines that stand in the document. The page keeps more of them, and shows them on request. */
const SHOWN = 500;

/** What it prints. Follows the end for as long as the reader is there, and stays put otherwise. */
export function Output({ data }: { data: RunData }) {
  const { head, screen, cut } = data;
  const box = useRef<HTMLElement>(null);
  const [following, setFollowing] = useState(true);
  const [shown, setShown] = useState(SHOWN);
  // While somebody reads, the page must not pull lines away above them: it goes on growing until they follow again.
  const [held, setHeld] = useState<number>();
  const from = held ?? Math.max(0, screen.dropped + screen.lines.length - shown);
  const lines = screen.lines.slice(Math.max(0, from - screen.dropped));
  const before = from > 0 || cut;

  // biome-ignore lint/correctness/useExhaustiveDependencies: new output is the trigger
  useEffect(() => {
    if (following && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [screen, following]);

  const follow = (on: boolean) => {
    setFollowing(on);
    setHeld(on ? undefined : from);
  };

  return (
    <Panel
      id="output"
      title="Output"
      note={before && `the last ${formatCount(lines.length)} lines`}
      actions={
        screen.lines.length > 0 && (
          <Toggle pressed={following} onToggle={follow}>
            <ArrowDownIcon />
            Follow
          </Toggle>
        )
      }
    >
      {screen.lines.length === 0 ? (
        <p className="rounded-lg bg-sunken px-4 py-8 text-center text-ink-faint">
          {isOver(head.state) ? "It printed nothing." : "It has printed nothing yet."}
        </p>
      ) : (
        <Scroll
          ref={box}
          label="Text of the output"
          className="max-h-[28rem] min-h-24 rounded-lg border border-line bg-sunken"
          onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
            const atEnd = scrollHeight - scrollTop - clientHeight < 24;
            if (atEnd !== following) follow(atEnd);
          }}
        >
          {from > screen.dropped && (
            <button
              type="button"
              onClick={() => {
                setShown((count) => count + SHOWN);
                setHeld(Math.max(screen.dropped, from - SHOWN));
                setFollowing(false);
              }}
              className="min-h-8 w-full border-line border-b px-3 text-left text-link text-xs hover:underline"
            >
              Show earlier lines
            </button>
          )}
          <pre className="whitespace-pre-wrap break-words py-2 font-mono text-xs leading-5" translate="no">
            {lines.map((line) => (
              <Line key={line.number} line={line} />
            ))}
          </pre>
        </Scroll>
      )}
    </Panel>
  );
}

/** What went to stderr has a bar at its side: many programs print all they say there, so it is not red. */
const Line = memo(function Line({ line }: { line: ScreenLine }) {
  return (
    <span
      className={`block min-h-5 border-l-2 px-3 ${line.stream === "stderr" ? "border-bad-mark" : "border-transparent"}`}
      {...(line.stream === "stderr" && { title: "stderr" })}
    >
      {line.spans.map(({ text, style }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a span is its place
        <span key={i} className={toClass(style)}>
          {text}
        </span>
      ))}
      {"\n"}
    </span>
  );
});

/** The terminal's colours as the theme's inks: 4.5:1 on its ground, light or dark. */
const INKS: Readonly<Record<Color, string>> = {
  black: "text-ink-faint",
  red: "text-bad",
  green: "text-good",
  yellow: "text-best",
  blue: "text-link",
  magenta: "text-crash",
  cyan: "text-running",
  white: "text-ink",
};

const toClass = ({ color, bold, faint }: Style): string =>
  [...(color ? [INKS[color]] : faint ? ["text-ink-faint"] : []), ...(bold ? ["font-bold"] : [])].join(" ");
