/** Where things are. Names may hold spaces, dots and letters of any script. */
const segment = encodeURIComponent;

export const toProjectPath = (entity: string, project: string): string =>
  `/${segment(entity)}/${segment(project)}`;
export const toSweepPath = (entity: string, project: string, sweepId: string): string =>
  `${toProjectPath(entity, project)}/sweeps/${segment(sweepId)}`;
export const toNewSweepPath = (entity: string, project: string): string =>
  `${toProjectPath(entity, project)}/sweeps/new`;
export const toRunPath = (entity: string, project: string, name: string): string =>
  `${toProjectPath(entity, project)}/runs/${segment(name)}`;
/** These runs of a project side by side, by their names; a comma in one is written twice over. */
export const toComparePath = (projectPath: string, names: readonly string[]): string =>
  `${projectPath}/compare?runs=${names
    .map((name) => segment(name.replaceAll("%", "%25").replaceAll(",", "%2C")))
    .join(",")}`;
export const toProjectSettingsPath = (entity: string, project: string): string =>
  `${toProjectPath(entity, project)}/settings`;
export const toTeamPath = (team: string): string => `/settings/teams/${segment(team)}`;

/** The sign-in page, which leads on to `next`. */
export const toSignIn = (next: string): string =>
  next === "/" ? "/login" : `/login?next=${encodeURIComponent(next)}`;
/**
 * Where a sign-in may lead: within this server only, so that no link with our name on it ends at a stranger's page. Judged
 * as a browser reads it, which leaves out tabs and line ends, takes `\` for `/` and resolves dots.
 */
export function toLocalPath(text: unknown): string {
  if (typeof text !== "string" || !text.startsWith("/") || !URL.canParse(text, HERE)) return "/";
  const { origin, pathname, search, hash } = new URL(text, HERE);
  return origin === HERE && !pathname.startsWith("//") ? pathname + search + hash : "/";
}
const HERE = "http://here.invalid";
