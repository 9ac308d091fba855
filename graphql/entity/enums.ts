import { KEY_SCOPES, ROLES } from "@/core/access";
import { builder } from "../builder";

export const EntityKind = builder.enumType("EntityKind", {
  description: "user: a person's own place. team: one that several people share.",
  values: ["user", "team"] as const,
});
export const RoleType = builder.enumType("Role", {
  description:
    "viewer: looks. member: works too: creates, changes and stops sweeps and runs. admin: also decides who may do what, and deletes.",
  values: ROLES,
});
export const KeyScopeType = builder.enumType("KeyScope", {
  description:
    "The most a key may do. read: look. write: work for sweeps as a member may. full: whatever its user may.",
  values: KEY_SCOPES,
});
export const MemberSource = builder.enumType("MemberSource", {
  description:
    "What a role comes from: the owner's own entity, a team, or a membership of the project itself.",
  values: ["owner", "team", "project"] as const,
});
