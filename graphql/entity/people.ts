import type { MemberRow } from "@/db/queries/members";
import { builder } from "../builder";
import { MemberSource, RoleType } from "./enums";

export interface PersonRow {
  readonly name: string;
  readonly displayName: string | null;
}

export const Person = builder.objectRef<PersonRow>("Person").implement({
  description: "What others may see of a user.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "As in paths." }),
    displayName: t.exposeString("displayName", { nullable: true, description: "For people." }),
  }),
});

export const Member = builder.objectRef<MemberRow>("Member").implement({
  description: "Somebody with a role in a team or a project.",
  fields: (t) => ({
    user: t.field({ type: Person, description: "Who.", resolve: (member) => member }),
    role: t.expose("role", { type: RoleType, description: "The strongest that they have there." }),
    source: t.expose("source", { type: MemberSource, description: "What it comes from." }),
    since: t.expose("since", { type: "DateTime", description: "When it was first given." }),
  }),
});
