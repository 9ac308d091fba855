import DataLoader from "dataloader";
import type { Access, Role } from "@/core/access";
import type { HistorySeries } from "@/core/history";
import { packLines, type RunColumns } from "@/core/run-columns";
import type { Database } from "@/db/client";
import { type ActivityRow, activityOfProjects } from "@/db/queries/activity";
import { type AgentRow, type BareAgent, getAgents } from "@/db/queries/agents";
import { type AttemptFactsRow, type AttemptKey, readAttemptFacts } from "@/db/queries/attempt-facts";
import { type AttemptRow, listAttempts } from "@/db/queries/attempts";
import { type BestOverTime, bestOverTime } from "@/db/queries/best-over-time";
import { type EntityRow, getEntities, teamsOfUsers } from "@/db/queries/entities";
import {
  type FilesQuery,
  foldersOfRuns,
  getRunFiles,
  listFilesOfRuns,
  type RunFileRow,
  type RunFolderRow,
} from "@/db/queries/files";
import { listRuns } from "@/db/queries/filter-runs";
import { type FrontRow, frontsOfSweeps } from "@/db/queries/fronts";
import { getInvitations, type InvitationRow } from "@/db/queries/invitations";
import type { ListPage } from "@/db/queries/list-page";
import { type MachineRow, machinesOfSweeps } from "@/db/queries/machines";
import {
  findSources,
  listMediaKeys,
  type MediaKeyRow,
  type MediaQuery,
  type MediaRows,
  readMediaRows,
  readMediaSteps,
  type SourceKey,
  type SourceRow,
} from "@/db/queries/media";
import { type MemberRow, membersOfEntities, membersOfProjects } from "@/db/queries/members";
import { commonMetricNames, listMetricNames, type NamesQuery } from "@/db/queries/metric-names";
import { agentsOfSweeps, bestRuns, type HeldRun, runsOfAgents } from "@/db/queries/overview";
import { listParameterNames } from "@/db/queries/parameter-names";
import { getPeople, type PersonRow } from "@/db/queries/people";
import { priorRunsOfSweeps } from "@/db/queries/prior-runs";
import { getProjects, listProjectsOfEntities, type ProjectRow } from "@/db/queries/projects";
import { type HistoryQuery, readHistory } from "@/db/queries/read-history";
import { type OutputPage, type OutputQuery, readOutput } from "@/db/queries/read-output";
import {
  type ColumnsQuery,
  type MetricColumn,
  readMetricColumns,
  readRunPage,
} from "@/db/queries/run-columns";
import { type RunPart, type RunParts, readRunParts } from "@/db/queries/run-parts";
import { readWarnings, type WarningRow } from "@/db/queries/run-warnings";
import {
  type BestPoint,
  bestSoFar,
  countRuns,
  getRuns,
  type RunCounts,
  type RunRow,
} from "@/db/queries/runs";
import { getViews, type SavedViewRow, viewsOfProjects, viewsOfSweeps } from "@/db/queries/saved-views";
import {
  type SearchStateRow,
  type SuggestionRow,
  searchesOfSweeps,
  suggestionsOfRuns,
} from "@/db/queries/suggestions";
import { readSummaries, type SummaryRow } from "@/db/queries/summaries";
import { getSweeps, listSweeps, type SweepRow } from "@/db/queries/sweeps";
import { readSystem, type SystemSeriesRow } from "@/db/queries/system-samples";
import { getUsers, type UserRow } from "@/db/queries/users";
import { type WinnerRow, winnersOfSweeps } from "@/db/queries/winners";
import { projectRoles } from "@/engine/authorize";
import { Allowance } from "./allowance";
import type { ListQuery } from "./list-query";

/**
 * Rows by id, collected over one turn of the event loop: the statements of a page don't grow with its length.
 * One instance a request, or one for all subscribers that get the same update. Made lazily: a claim uses none.
 */
export class Loaders {
  // No private fields: Apollo copies the context, and with it our owner, property by property.
  private readonly made = new Map<string, unknown>();
  private spending: Allowance | undefined;

  constructor(
    readonly db: Database,
    readonly access: Access,
  ) {}

  /** Served to all subscribers of one feed alike: what belongs to one of them only must not come from here. */
  get shared(): boolean {
    return this.access.kind === "system";
  }

  /** The request's moment, in ms: what still runs is measured until then. */
  readonly now = Date.now();

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
  /** By run. */
  get suggestion() {
    return this.byId<number, SuggestionRow>(
      "suggestion",
      (ids) => suggestionsOfRuns(this.db, this.access, ids),
      (row) => row.runId,
    );
  }
  /** By sweep. */
  get search() {
    return this.byId<string, SearchStateRow>(
      "search",
      (ids) => searchesOfSweeps(this.db, this.access, ids),
      (row) => row.sweepId,
    );
  }
  /** By sweep. */
  get winner() {
    return this.byId<string, WinnerRow>(
      "winner",
      (ids) => winnersOfSweeps(this.db, this.access, ids),
      (row) => row.sweepId,
    );
  }
  /** By sweep. */
  get front() {
    return this.byId<string, FrontRow>(
      "front",
      (ids) => frontsOfSweeps(this.db, this.access, ids),
      (row) => row.sweepId,
    );
  }
  priorRuns(most: number) {
    return this.lists<string, { sweepId: string; runId: number }>(
      `priorRuns ${most}`,
      (ids) => priorRunsOfSweeps(this.db, this.access, ids, { most }),
      (row) => row.sweepId,
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
    return this.byId<number, BareAgent>(
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
    return this.lists<string, BestPoint & { sweepId: string }>(
      "bestSoFar",
      (ids) => bestSoFar(this.db, this.access, ids),
      (point) => point.sweepId,
    );
  }
  get bestOverTime() {
    return this.byId<string, BestOverTime>(
      "bestOverTime",
      (ids) => bestOverTime(this.db, this.access, ids),
      (row) => row.sweepId,
    );
  }
  /** Of projects, over so many days. */
  activity(days: number) {
    return this.byId<number, ActivityRow>(
      `activity ${days}`,
      (ids) => activityOfProjects(this.db, this.access, ids, { days }),
      (row) => row.projectId,
    );
  }
  get counts() {
    return this.byMap<string, RunCounts>("counts", (ids) => countRuns(this.db, this.access, ids));
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
  /** What anybody who sees their work may know of a user. */
  get person() {
    return this.byId<number, PersonRow>(
      "person",
      (ids) => getPeople(this.db, this.access, ids),
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
  /** What the caller may do in a project. */
  get viewerRole() {
    return this.byMap<number, Role>("viewerRole", (ids) => projectRoles(this, ids));
  }
  /** Pages that are asked for alike, of many sweeps or projects, come in one statement. */
  runsOfSweeps(query: ListQuery) {
    return this.byMap<string, ListPage<RunRow>>(`runsOfSweeps ${JSON.stringify(query)}`, (sweepIds) =>
      listRuns<string>(this.db, this.access, { sweepIds }, query),
    );
  }
  runsOfProjects(query: ListQuery) {
    return this.byMap<number, ListPage<RunRow>>(`runsOfProjects ${JSON.stringify(query)}`, (projectIds) =>
      listRuns<number>(this.db, this.access, { projectIds }, query),
    );
  }
  sweepsOfProjects(query: ListQuery) {
    return this.byMap<number, ListPage<SweepRow>>(`sweepsOfProjects ${JSON.stringify(query)}`, (ids) =>
      listSweeps(this.db, this.access, ids, query),
    );
  }
  projectsOfEntities(query: ListQuery) {
    return this.byMap<number, ListPage<ProjectRow>>(`projectsOfEntities ${JSON.stringify(query)}`, (ids) =>
      listProjectsOfEntities(this.db, this.access, ids, query),
    );
  }
  metricNamesOfProjects(query: NamesQuery) {
    return this.byMap<number, string[]>(`metricNamesOfProjects ${JSON.stringify(query)}`, (projectIds) =>
      listMetricNames<number>(this.db, this.access, { projectIds }, query),
    );
  }
  metricNamesOfSweeps(query: NamesQuery) {
    return this.byMap<string, string[]>(`metricNamesOfSweeps ${JSON.stringify(query)}`, (sweepIds) =>
      listMetricNames<string>(this.db, this.access, { sweepIds }, query),
    );
  }
  get view() {
    return this.byId<number, SavedViewRow>(
      "view",
      (ids) => getViews(this.db, this.access, ids),
      (row) => row.id,
    );
  }
  get viewsOfSweeps() {
    return this.lists<string, SavedViewRow & { sweepId: string }>(
      "viewsOfSweeps",
      (ids) => viewsOfSweeps(this.db, this.access, ids),
      (row) => row.sweepId,
    );
  }
  get viewsOfProjects() {
    return this.lists<number, SavedViewRow>(
      "viewsOfProjects",
      (ids) => viewsOfProjects(this.db, this.access, ids),
      (row) => row.projectId,
    );
  }
  commonMetricNames(limit: number) {
    return this.byMap<string, string[]>(`commonMetricNames ${limit}`, (sweepIds) =>
      commonMetricNames(this.db, this.access, sweepIds, { limit }),
    );
  }
  parameterNamesOfProjects(query: NamesQuery) {
    return this.byMap<number, string[]>(`parameterNamesOfProjects ${JSON.stringify(query)}`, (projectIds) =>
      listParameterNames<number>(this.db, this.access, { projectIds }, query),
    );
  }
  parameterNamesOfSweeps(query: NamesQuery) {
    return this.byMap<string, string[]>(`parameterNamesOfSweeps ${JSON.stringify(query)}`, (sweepIds) =>
      listParameterNames<string>(this.db, this.access, { sweepIds }, query),
    );
  }
  get attempts() {
    return this.lists<number, AttemptRow>(
      "attempts",
      async (ids) => {
        const rows = await listAttempts(this.db, this.access, ids);
        for (const { agent } of rows) if (agent !== null) this.agent.prime(agent.id, agent);
        return rows;
      },
      (row) => row.runId,
    );
  }
  get attemptFacts() {
    return this.loader("attemptFacts", () => {
      return new DataLoader<AttemptKey, AttemptFactsRow | undefined, string>(
        async (asked) => {
          const rows = await this.allowance.read(
            () => readAttemptFacts(this.db, this.access, asked),
            (found) => found.reduce((sum, { facts, diff }) => sum + facts.length + (diff?.length ?? 0), 0),
          );
          const found = new Map(rows.map((row) => [`${row.runId}/${row.attempt}`, row]));
          return asked.map(({ runId, attempt }) => found.get(`${runId}/${attempt}`));
        },
        // Some 30 MB at the most.
        { cacheKeyFn: ({ runId, attempt }) => `${runId}/${attempt}`, maxBatchSize: 100 },
      );
    });
  }
  get warnings() {
    return this.lists<number, WarningRow>(
      "warnings",
      (ids) => readWarnings(this.db, this.access, ids),
      (row) => row.runId,
    );
  }
  /** Of one sweep each. */
  get machines() {
    return this.lists<string, MachineRow>(
      "machines",
      (ids) => machinesOfSweeps(this.db, this.access, ids),
      (row) => row.sweepId,
    );
  }
  /** Lines of runs that are asked for alike: 50 of them at a time. */
  system(samples: number) {
    return this.lists<number, SystemSeriesRow>(
      `system ${samples}`,
      (runIds) =>
        this.allowance.read(
          () => readSystem(this.db, this.access, runIds, { samples }),
          (lines) => lines.reduce((sum, { times }) => sum + times.length * 24, 0),
        ),
      (row) => row.runId,
      50,
    );
  }
  get agents() {
    return this.lists<string, AgentRow>(
      "agents",
      (ids) => agentsOfSweeps(this.db, this.access, ids),
      (row) => row.sweepId,
    );
  }
  agentsIn(states: readonly AgentRow["state"][]) {
    return this.lists<string, AgentRow>(
      `agentsIn ${states}`,
      (ids) => agentsOfSweeps(this.db, this.access, ids, { states }),
      (row) => row.sweepId,
    );
  }
  get heldRuns() {
    return this.lists<number, HeldRun>(
      "heldRuns",
      (ids) => runsOfAgents(this.db, this.access, ids),
      (row) => row.agentId,
    );
  }
  /** One statement for all parts of all runs that are asked for in the same turn. */
  get runPart() {
    return this.loader("runPart", () => {
      return new DataLoader<{ id: number; part: RunPart }, RunParts | undefined, string>(
        async (asked) => {
          const ids = [...new Set(asked.map(({ id }) => id))];
          const parts = new Set(asked.map(({ part }) => part));
          const found = await readRunParts(this.db, this.access, ids, parts);
          return asked.map(({ id }) => found.get(id));
        },
        { cacheKeyFn: ({ id, part }) => `${part}/${id}` },
      );
    });
  }
  get summary() {
    return this.byMap<number, SummaryRow[]>("summary", (ids) => readSummaries(this.db, this.access, ids));
  }
  /** Pages of files that are asked for alike, by run. */
  files(query: FilesQuery) {
    return this.byMap<number, { rows: RunFileRow[]; total: number }>(
      `files ${JSON.stringify(query)}`,
      (runIds) => listFilesOfRuns(this.db, this.access, runIds, query),
    );
  }
  folders(prefix: string) {
    return this.lists<number, RunFolderRow>(
      `folders ${JSON.stringify(prefix)}`,
      (runIds) => foldersOfRuns(this.db, this.access, runIds, prefix),
      (row) => row.runId,
    );
  }
  /** One file by its name. */
  get file() {
    return this.loader("file", () => {
      return new DataLoader<FileKey, RunFileRow | undefined, string>(
        async (asked) => {
          const rows = await getRunFiles(this.db, this.access, asked);
          const found = new Map(rows.map((row) => [`${row.runId}/${row.name}`, row]));
          return asked.map(({ runId, name }) => found.get(`${runId}/${name}`));
        },
        { cacheKeyFn: ({ runId, name }) => `${runId}/${name}` },
      );
    });
  }
  /** One entry of an artifact that a run logged. */
  get source() {
    return this.loader("source", () => {
      const nameOf = ({ runId, clientId, entry }: SourceKey) => `${runId}/${clientId}/${entry}`;
      return new DataLoader<SourceKey, SourceRow | undefined, string>(
        async (asked) => {
          const rows = await findSources(this.db, this.access, asked);
          const found = new Map(rows.map((row) => [nameOf(row), row]));
          return asked.map((key) => found.get(nameOf(key)));
        },
        { cacheKeyFn: nameOf },
      );
    });
  }
  /** What each run logged of pictures, tables and the like, by name. */
  get mediaKeys() {
    return this.lists<number, MediaKeyRow>(
      "mediaKeys",
      (runIds) => listMediaKeys(this.db, this.access, runIds),
      (row) => row.runId,
    );
  }
  /** One name of one run at a time: it may be long. */
  media(query: MediaQuery): Promise<MediaRows> {
    return this.allowance.read(
      () => readMediaRows(this.db, this.access, query),
      ({ rows }) => rows.reduce((sum, { json }) => sum + json.length, 0),
    );
  }
  mediaSteps(query: Pick<MediaQuery, "runId" | "key" | "count">) {
    return this.loader(`mediaSteps ${JSON.stringify(query)}`, () =>
      this.allowance.read(
        () => readMediaSteps(this.db, this.access, query),
        ({ steps }) => 8 * steps.length,
      ),
    );
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
  /** Pages of what runs printed that are asked for alike: 50 of them at a time, at most 50 MiB. */
  output(query: Omit<OutputQuery, "runIds">) {
    return this.byMap<number, OutputPage>(
      `output ${JSON.stringify(query)}`,
      (runIds) =>
        this.allowance.read(
          () => readOutput(this.db, this.access, { ...query, runIds }),
          (pages) => Array.from(pages.values()).reduce((sum, page) => sum + weighOutput(page), 0),
        ),
      50,
    );
  }
  /** A sweep's runs in columns: what a page weighs is known when it is there, so one sweep after the other. */
  runColumns(query: Omit<ColumnsQuery, "sweepId"> & { readonly metrics: readonly MetricColumn[] }) {
    return this.loader(`runColumns ${JSON.stringify(query)}`, () => {
      return new DataLoader<string, PageOfColumns>(
        ([sweepId = ""]) =>
          this.allowance.read(
            async () => {
              const { rows, more } = await readRunPage(this.db, this.access, { ...query, sweepId });
              const ids = rows.map(({ id }) => id);
              const values = await readMetricColumns(this.db, this.access, ids, query.metrics);
              const lines = query.bare ? undefined : packLines(rows);
              return [{ count: ids.length, id: ids, ...(lines && { lines }), values, more }];
            },
            ([columns]) => weighColumns(columns),
          ),
        { maxBatchSize: 1 },
      );
    });
  }
  /** Numbers of metrics, of runs that are asked for the same. */
  values(metrics: readonly MetricColumn[]) {
    return this.loader(`values ${JSON.stringify(metrics)}`, () => {
      return new DataLoader<number, (number | null)[]>(async (ids) => {
        const columns = await readMetricColumns(this.db, this.access, ids, metrics);
        return ids.map((_, i) => columns.map((column) => column[i] ?? null));
      });
    });
  }
  /** Of one metric each, for those who don't want the whole summary. */
  get metric() {
    return this.loader("metric", () => {
      return new DataLoader<{ id: number; name: string }, SummaryRow | undefined, string>(
        async (asked) => {
          const ids = [...new Set(asked.map(({ id }) => id))];
          const names = [...new Set(asked.map(({ name }) => name))];
          const found = await readSummaries(this.db, this.access, ids, { names });
          return asked.map(({ id, name }) => found.get(id)?.find((one) => one.name === name));
        },
        { cacheKeyFn: ({ id, name }) => `${id}/${name}` },
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

  private byMap<K, V>(
    name: string,
    read: (ids: readonly K[]) => Promise<ReadonlyMap<K, V>>,
    maxBatchSize = Number.POSITIVE_INFINITY,
  ) {
    return this.loader(name, () => {
      return new DataLoader<K, V | undefined>(
        async (ids) => {
          const found = await read(ids);
          return ids.map((id) => found.get(id));
        },
        { maxBatchSize },
      );
    });
  }

  private lists<K, Row>(
    name: string,
    read: (ids: readonly K[]) => Promise<readonly Row[]>,
    toKey: (row: Row) => K,
    maxBatchSize = Number.POSITIVE_INFINITY,
  ) {
    return this.loader(name, () => {
      return new DataLoader<K, Row[]>(
        async (ids) => {
          const found = new Map<K, Row[]>(ids.map((id) => [id, []]));
          for (const row of await read(ids)) found.get(toKey(row))?.push(row);
          return ids.map((id) => found.get(id) ?? []);
        },
        { maxBatchSize },
      );
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

interface FileKey {
  readonly runId: number;
  readonly name: string;
}

/** Four columns of 8 bytes a point, eleven a bucket. */
export const weighLine = (line: HistorySeries): number =>
  line.exact ? line.x.length * 32 : line.buckets.grid.size * 88;

const weighOutput = ({ pieces }: OutputPage): number =>
  pieces.reduce((sum, { text }) => sum + text.length, 0);

/** More runs follow the page. */
type PageOfColumns = Omit<RunColumns, "next"> & { readonly more: boolean };

/** Numbers, and texts with 200 bytes of what else a run has. */
const weighColumns = (columns: PageOfColumns | undefined): number =>
  columns === undefined
    ? 0
    : columns.count * (8 + 8 * columns.values.length) +
      (columns.lines?.params.reduce((sum, text) => sum + text.length + 200, 0) ?? 0);
