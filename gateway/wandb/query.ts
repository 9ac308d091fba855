import type { GatewayContext } from "./context";
import { Project, toEntity } from "./project";
import { serverInfo, viewer } from "./viewer";

type Path = { readonly name?: string | null; readonly entityName?: string | null };

/** The roots of what is read. */
export class Query {
  viewer = (_args: unknown, context: GatewayContext) => viewer(context);
  serverInfo = serverInfo;
  organization = () => null;
  entity = ({ name }: { name?: string | null }) => toEntity(name ?? "");
  project = ({ name, entityName }: Path, context: GatewayContext) =>
    Project.of(context, { entity: entityName, name });
  model = (path: Path, context: GatewayContext) => this.project(path, context);
}
