import { listTeams } from "@/db/queries/entities";
import { getViewer, findUsers as readUsers } from "@/db/queries/users";
import { readRunEntity } from "@/db/queries/wire-runs";
import { type GatewayContext, reading } from "./context";

/** Who asks (W10). For a run's own key there is the owner of its project to speak of, by name only. */
export async function viewer(context: GatewayContext) {
  const { db, access } = context;
  if (access.kind !== "user") {
    const entity = access.kind === "run" ? await readRunEntity(db.sql, access.runId) : undefined;
    return entity === undefined ? null : toUser({ name: entity });
  }
  const [user, teams] = await Promise.all([getViewer(db, access), listTeams(db, access)]);
  if (user === undefined) return null;
  const { name, displayName, email, admin } = user;
  return toUser({ name, displayName, email, admin, teams: teams.map((team) => team.name) });
}

/** Whom a name or an address means, among those that the caller may know (W89). */
export async function findUsers(context: GatewayContext, query: string | null | undefined) {
  const rows = query ? await readUsers(reading(context), context.access, query) : [];
  return {
    edges: rows.map(({ name, displayName, email, admin }) => ({
      node: toUser({ name, displayName, email, admin }),
    })),
  };
}

function toUser({
  name,
  displayName,
  email,
  admin = false,
  teams = [],
}: {
  name: string;
  displayName?: string | null;
  email?: string | null;
  admin?: boolean;
  teams?: readonly string[];
}) {
  return {
    id: `user-${name}`,
    name: displayName ?? name,
    username: name,
    email: email ?? null,
    admin,
    entity: name,
    flags: JSON.stringify({ code_saving_enabled: true }),
    deletedAt: null,
    teams: { edges: [name, ...teams].map((entity) => ({ node: { id: `entity-${entity}`, name: entity } })) },
    // Keys are shown once, and made on our own pages.
    apiKeys: { edges: [] },
  };
}

/** Features that change what the client sends (section 5 of the protocol); all others are off by not being named. */
const FEATURES = [
  "STRUCTURED_CONSOLE_LOGS",
  "SWEEPS_QUERY_FILTERING",
  "MARK_RUN_FILES_UPLOADED",
  "SWEEPS_LOCAL_SCHEDULER",
];

export const serverInfo = () => ({
  features: FEATURES.map((name) => ({ name, isEnabled: true })),
  cliVersionInfo: { min_cli_version: "0.10.0", max_cli_version: "9.0.0" },
  latestLocalVersionInfo: null,
});
