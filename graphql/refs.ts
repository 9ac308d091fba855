import type { AgentRow } from "@/db/queries/agents";
import type { AttemptRow } from "@/db/queries/attempts";
import type { ProjectRow } from "@/db/queries/projects";
import type { RunRow } from "@/db/queries/runs";
import type { SweepRow } from "@/db/queries/sweeps";
import type { UserRow } from "@/db/queries/users";
import { builder } from "./builder";

/**
 * The nouns and the rows behind them. They stand apart from their fields because the nouns point at each other:
 * each noun's schema.ts implements its own and refers to the others here, so no two files import each other.
 */
export const Sweep = builder.objectRef<SweepRow>("Sweep");
export const Run = builder.objectRef<RunRow>("Run");
export const Attempt = builder.objectRef<AttemptRow>("Attempt");
/** The numbers of a sweep's agents are counted for all of them at once; an agent met through a run has none yet. */
export const Agent = builder.objectRef<Omit<AgentRow, "holding" | "done" | "failed">>("Agent");
export const Project = builder.objectRef<ProjectRow>("Project");
export const User = builder.objectRef<UserRow>("User");
export const Entity = builder.objectRef<{ name: string }>("Entity");
