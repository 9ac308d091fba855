"use client";

import dynamic from "next/dynamic";
import { useEffect, useState } from "react";
import { useNear } from "@/app/_live/use-near";
import type { RunHead } from "@/graphql/operations/run-page";
import { Panel } from "@/ui/kit/panel";

const FilesList = dynamic(() => import("./files-list").then((part) => part.FilesList), {
  loading: () => <div className="min-h-48" />,
});

/** What it saved; what lists it is loaded when somebody comes near. */
export function Files({ head, path }: { head: RunHead; path: string }) {
  const [ref, near] = useNear<HTMLDivElement>();
  const [seen, setSeen] = useState(false);
  const [note, setNote] = useState<string>();
  useEffect(() => {
    if (near) setSeen(true);
  }, [near]);
  return (
    <Panel id="files" title="Files" note={note}>
      <div ref={ref}>
        {seen ? (
          <FilesList head={head} path={path} near={near} onNote={setNote} />
        ) : (
          <div className="min-h-48" />
        )}
      </div>
    </Panel>
  );
}
