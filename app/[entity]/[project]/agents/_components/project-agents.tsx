"use client";

import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { AgentTable, type ListedAgent } from "@/app/_components/agent-table";

/** An agent is heard of every 5 s; no subscription tells of all of a project's. */
const EVERY_MS = 5_000;

export function LiveAgents(props: {
  agents: readonly ListedAgent[];
  projectPath: string;
  editable: boolean;
}) {
  const { agents, projectPath, editable } = props;
  const router = useRouter();
  const [refusal, setRefusal] = useState<string>();
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") router.refresh();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [router]);
  return (
    <>
      <p role="alert" className="mb-2 text-bad text-sm empty:hidden">
        {refusal}
      </p>
      {agents.length > 0 && (
        <AgentTable agents={agents} projectPath={projectPath} {...(editable && { onRefused: setRefusal })} />
      )}
    </>
  );
}
