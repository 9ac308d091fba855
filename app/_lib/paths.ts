/** Where things are. Names may hold spaces, dots and letters of any script. */
const segment = encodeURIComponent;

export const toProjectPath = (entity: string, project: string): string =>
  `/${segment(entity)}/${segment(project)}`;
export const toSweepPath = (entity: string, project: string, sweepId: string): string =>
  `${toProjectPath(entity, project)}/sweeps/${segment(sweepId)}`;
export const toRunPath = (entity: string, project: string, name: string): string =>
  `${toProjectPath(entity, project)}/runs/${segment(name)}`;
