import { artifactById, clientIdMapping, collectionById } from "./artifacts";
import type { GatewayContext } from "./context";
import { findEntity, listProjects, Project } from "./project";
import { findUsers, serverInfo, viewer } from "./viewer";

type Path = { readonly name?: string | null; readonly entityName?: string | null };

/** The roots of what is read. */
export class Query {
  viewer = (_args: unknown, context: GatewayContext) => viewer(context);
  serverInfo = serverInfo;
  organization = () => null;
  entity = ({ name }: { name?: string | null }, context: GatewayContext) => findEntity(context, name ?? "");
  project = ({ name, entityName }: Path, context: GatewayContext) =>
    Project.of(context, { entity: entityName, name });
  artifact = artifactById;
  artifactCollection = collectionById;
  clientIDMapping = clientIdMapping;
  model = (path: Path, context: GatewayContext) => this.project(path, context);
  models = (args: Parameters<typeof listProjects>[1], context: GatewayContext) => listProjects(context, args);
  users = ({ query }: { query?: string | null }, context: GatewayContext) => findUsers(context, query);
}
