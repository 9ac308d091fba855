import { type AuditEventRow, countAuditEvents, listAuditEvents } from "@/db/queries/audit";
import { type EntityPath, resolveAuditScope } from "@/engine/accounts/audit-scope";
import { builder } from "../builder";
import { connection, isInteger, readPage, readPosition } from "../connection";
import { toLookup } from "../ids";
import { dropNulls } from "../verb";
import { Person } from "./people";

const AuditEvent = builder.objectRef<AuditEventRow>("AuditEvent").implement({
  description: "Something that changed rights or destroyed data.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "A number as text, rising with time." }),
    at: t.expose("at", { type: "DateTime", description: "When." }),
    user: t.field({
      type: Person,
      nullable: true,
      description: "Who did it; null for the server itself.",
      resolve: ({ name, displayName }) => (name === null ? null : { name, displayName }),
    }),
    caller: t.exposeString("caller", {
      description: "By which key or session: key:NUMBER, user:NUMBER, run:NUMBER/ATTEMPT.",
    }),
    action: t.exposeString("action", { description: "What, such as member.set." }),
    target: t.exposeString("target", { description: "To whom or what." }),
    details: t.field({ type: "JSON", description: "The facts.", resolve: ({ details }) => details }),
  }),
});

const AuditEventConnection = connection<AuditEventRow>("AuditEvent", AuditEvent, "audit events");

builder.queryFields((t) => ({
  auditEvents: t.field({
    type: AuditEventConnection,
    description:
      "What changed rights or destroyed data, newest first: in an entity or a project for its admins; without either what the caller did, or everything for administrators of the server.",
    args: {
      first: t.arg.int({ description: "Length of the page, at most 1000; 50 when absent." }),
      after: t.arg.string({ description: "The endCursor of the page before." }),
      entity: t.arg.string({ description: "A user's or a team's name; first part of a project's path." }),
      project: t.arg.string({ description: "Second part of a project's path." }),
    },
    resolve: async (_root, { first, after, ...args }, context) => {
      const path: EntityPath = dropNulls(args);
      for (const [name, value] of Object.entries(path)) toLookup(name, value);
      const before = readPosition(after, ([id]) => (isInteger(id, Number.MAX_SAFE_INTEGER) ? id : undefined));
      const scope = await resolveAuditScope(context, path);
      return readPage(first, {
        read: (length) => listAuditEvents(context.db, context.access, { ...scope, first: length, before }),
        toPosition: ({ id }) => [id],
        total: () => countAuditEvents(context.db, context.access, scope),
      });
    },
  }),
}));
