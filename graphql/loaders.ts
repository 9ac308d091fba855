import DataLoader from "dataloader";
import type { Access, Role } from "@/core/access";
import type { HistorySeries } from "@/core/history";
import type { Database } from "@/db/client";
import { type AgentRow, getAgents } from "@/db/queries/agents";
import { type AttemptRow, listAttempts } from "@/db/queries/attempts";
import { type EntityRow, getEntities, teamsOfUsers } from "@/db/queries/entities";
import { getInvitations, type InvitationRow } from "@/db/queries/invitations";
import { type MemberRow, membersOfEntities, membersOfProjects } from "@/db/queries/members";
import {
  agentsOfRuns,
  agentsOfSweeps,
  bestRuns,
  countSweeps,
  newestSweeps,
  runOrdinals,
  runsOfAgents,
} from "@/db/queries/overview";
import { getProjects, type ProjectRow } from "@/db/queries/projects";
import { type HistoryQuery, readHistory } from "@/db/queries/read-history";
import {
  type BestPoint,
  bestSoFar,
  countRuns,
  getRuns,
  type RunCounts,
  type RunRow,
} from "@/db/queries/runs";
import { readSummaries, type SummaryRow } from "@/db/queries/summaries";
import { getSweeps, type SweepRow } from "@/db/queries/sweeps";
import { getUsers, type UserRow } from "@/db/queries/users";
import { Allowance } from "./allowance";

/**
 * Rows by id, collected over one turn of the event loop: the statements of a page don't grow with its length.
 * One instance a request, or one for all subscribers that get the same update. Made lazily: a claim uses none.
 */
export class Loaders {
  // No private fields: Apollo copies the context, and with it our owner, property by property.
  private readonly made = new Map<string, unknown>();
  private spending: Allowance | undefined;

  constructor(
    private readonly db: Database,
    private readonly access: Access,
  ) {}

  /** Served to all subscribers of one feed alike: what belongs to one of them only must not come from here. */
  get shared(): boolean {
    return this.access.kind === "system";
  }

  /** Of what is large, for the answer that these loaders serve. */
  get allowance(): Allowance {
    this.spending ??= new Allowance();
    return this.spending;
  }

  get sweep() {
    return this.byId<string, SweepRow>(
      "sweep",
      (ids) => getSweeps(this.db, this.access, ids),
      (row) => row.id,
    );
  }
  get run() {
    return this.byId<number, RunRow>(
      "run",
      (ids) => getRuns(this.db, this.access, ids),
      (row) => row.id,
    );
  }
  get project() {
    return this.byId<number, ProjectRow>(
      "project",
      (ids) => getProjects(this.db, this.access, ids),
      (row) => row.id,
    );
  }
  get agent() {
    return this.byId<number, Omit<AgentRow, "holding" | "done" | "failed">>(
      "agent",
      (ids) => getAgents(this.db, this.access, ids),
      (row) => row.id,
    );
  }
  get bestRun() {
    return this.byId<string, RunRow>(
      "bestRun",
      (ids) => bestRuns(this.db, this.access, ids),
      (row) => row.sweepId ?? "",
    );
  }
  get bestSoFar() {
    return this.byMap<string, BestPoint[]>("bestSoFar", async (ids) => {
      const found = ids.map(async (id) => [id, await bestSoFar(this.db, this.access, id)] as const);
      return new Map(await Promise.all(found));
    });
  }
  get counts() {
    return this.byMap<string, RunCounts>("counts", (ids) => countRuns(this.db, this.access, ids));
  }
  get sweepCount() {
    return this.byMap<number, number>("sweepCount", (ids) => countSweeps(this.db, this.access, ids));
  }
  /** By name. */
  get entity() {
    return this.byId<string, EntityRow>(
      "entity",
      (names) => getEntities(this.db, this.access, names),
      (row) => row.name,
    );
  }
  get user() {
    return this.byId<number, UserRow>(
      "user",
      (ids) => getUsers(this.db, this.access, ids),
      (row) => row.id,
    );
  }
  get invitation() {
    return this.byId<number, InvitationRow>(
      "invitation",
      (ids) => getInvitations(this.db, this.access, ids),
      (row) => row.id,
    );
  }
  get entityMembers() {
    return this.lists<number, MemberRow & { entityId: number }>(
      "entityMembers",
      (ids) => membersOfEntities(this.db, this.access, ids),
      (row) => row.entityId,
    );
  }
  get projectMembers() {
    return this.lists<number, MemberRow & { projectId: number }>(
      "projectMembers",
      (ids) => membersOfProjects(this.db, this.access, ids),
      (row) => row.projectId,
    );
  }
  get teams() {
    return this.lists<number, EntityRow & { role: Role; userId: number }>(
      "teams",
      (ids) => teamsOfUsers(this.db, this.access, ids),
      (row) => row.userId,
    );
  }
  /** Ids of the first sweeps of each project. */
  newestSweeps(first: number) {
    return this.lists(
      `newestSweeps ${first}`,
      (projectIds: readonly number[]) => newestSweeps(this.db, this.access, { projectIds, first }),
      (row) => row.projectId,
    );
  }
  get attempts() {
    return this.lists<number, AttemptRow>(
      "attempts",
      (ids) => listAttempts(this.db, this.access, ids),
      (row) => row.runId,
    );
  }
  get agents() {
    return this.lists<string, AgentRow>(
      "agents",
      (ids) => agentsOfSweeps(this.db, this.access, ids),
      (row) => row.sweepId,
    );
  }
  get heldRuns() {
    return this.lists<number, RunRow & { agentId: number }>(
      "heldRuns",
      (ids) => runsOfAgents(this.db, this.access, ids),
      (row) => row.agentId,
    );
  }
  get holder() {
    return this.byMap<number, number>("holder", async (ids) => {
      const rows = await agentsOfRuns(this.db, this.access, ids);
      return new Map(rows.map(({ runId, agentId }) => [runId, agentId]));
    });
  }
  get summary() {
    return this.byMap<number, SummaryRow[]>("summary", (ids) => readSummaries(this.db, this.access, ids));
  }
  /** Lines of many runs that are asked for alike come in one reading. */
  history(query: Omit<HistoryQuery, "runIds">) {
    return this.lists(
      `history ${JSON.stringify(query)}`,
      (runIds: readonly number[]) =>
        this.allowance.read(
          () => readHistory(this.db, this.access, { ...query, runIds }),
          (lines) => lines.reduce((sum, line) => sum + weighLine(line), 0),
        ),
      (line) => line.runId,
    );
  }
  get ordinal() {
    return this.loader("ordinal", () => {
      return new DataLoader<{ id: number; sweepId: string }, number | undefined, number>(
        async (runs) => {
          const found = await runOrdinals(this.db, runs);
          return runs.map(({ id }) => found.get(id));
        },
        { cacheKeyFn: ({ id }) => id },
      );
    });
  }

  private byId<K, Row extends object>(
    name: string,
    read: (ids: readonly K[]) => Promise<readonly Row[]>,
    toKey: (row: Row) => K,
  ) {
    return this.byMap<K, Row>(
      name,
      async (ids) => new Map((await read(ids)).map((row) => [toKey(row), row])),
    );
  }

  private byMap<K, V>(name: string, read: (ids: readonly K[]) => Promise<ReadonlyMap<K, V>>) {
    return this.loader(name, () => {
      return new DataLoader<K, V | undefined>(async (ids) => {
        const found = await read(ids);
        return ids.map((id) => found.get(id));
      });
    });
  }

  private lists<K, Row>(
    name: string,
    read: (ids: readonly K[]) => Promise<readonly Row[]>,
    toKey: (row: Row) => K,
  ) {
    return this.loader(name, () => {
      return new DataLoader<K, Row[]>(async (ids) => {
        const found = new Map<K, Row[]>(ids.map((id) => [id, []]));
        for (const row of await read(ids)) found.get(toKey(row))?.push(row);
        return ids.map((id) => found.get(id) ?? []);
      });
    });
  }

  private loader<L>(name: string, make: () => L): L {
    const known = this.made.get(name);
    if (known !== undefined) return known as L;
    const fresh = make();
    this.made.set(name, fresh);
    return fresh;
  }
}

/** Four columns of 8 bytes a point, eleven a bucket. */
export const weighLine = (line: HistorySeries): number =>
  line.exact ? line.x.length * 32 : line.buckets.grid.size * 88;
