import { VERSION } from "./version";

/** Addresses of pages, built in one place. Names are checked slugs, so nothing needs escaping but a run's name. */
export interface SweepPlace {
  readonly entity: string;
  readonly project: string;
  readonly id: string;
}

export const sweepPath = ({ entity, project, id }: SweepPlace): string => `${entity}/${project}/${id}`;

export const sweepUrl = ({ publicUrl }: { publicUrl: string }, { entity, project, id }: SweepPlace): string =>
  `${publicUrl}/${entity}/${project}/sweeps/${id}`;

export const runUrl = (
  { publicUrl }: { publicUrl: string },
  { entity, name: project }: { entity: string; name: string },
  run: { name: string },
): string => `${publicUrl}/${entity}/${project}/runs/${encodeURIComponent(run.name)}`;

export const projectUrl = (
  { publicUrl }: { publicUrl: string },
  { entity, name }: { entity: string; name: string },
): string => `${publicUrl}/${entity}/${name}`;

/**
 * Signs a browser in, once. The token stands in the fragment, which no server, proxy or log sees and no preview of the
 * link uses up; the page hands it to POST /login.
 */
export const loginUrl = (publicUrl: string, token: string): string => `${publicUrl}/login#token=${token}`;

/** Lets one person in; as above. */
export const invitationUrl = (publicUrl: string, token: string): string =>
  `${publicUrl}/invite#token=${token}`;

/**
 * Our command line on a machine that has Node alone. npm keeps what it once fetched for an address; the version behind the
 * `#` makes another address of each, so that a worker never runs the client of a server that was upgraded since.
 */
export const clientCommand = (publicUrl: string): string =>
  `npx --yes ${publicUrl}/besom-agent.tgz#${VERSION}`;
