import { createInvitation, revokeInvitation } from "@/engine/accounts/invitations";
import { type MemberAnswer, removeMember, setMember } from "@/engine/accounts/members";
import { createTeam, deleteTeam } from "@/engine/accounts/teams";
import { builder } from "../builder";
import type { Context } from "../context";
import { toSmallNumber } from "../ids";
import { invitationUrl } from "../links";
import { Entity } from "../refs";
import { mutationId, payload, verb } from "../verb";
import { RoleType } from "./enums";
import { Invitation } from "./invitations";
import { Member } from "./people";

verb("createTeam", {
  description: "Makes a team, with the caller as its first admin.",
  input: builder.inputType("CreateTeamInput", {
    description: "The new team.",
    fields: (t) => ({
      name: t.string({
        required: true,
        description: "The first part of its projects' paths, unique on the server.",
      }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ team: string }>("CreateTeamPayload", "The new team.", (t) => ({
    team: t.field({
      type: Entity,
      nullable: true,
      description: "The team.",
      resolve: ({ answer }) => (answer ? { name: answer.team } : null),
    }),
  })),
  run: createTeam,
});

verb("deleteTeam", {
  description: "Deletes a team that has no projects.",
  input: builder.inputType("DeleteTeamInput", {
    description: "Which team.",
    fields: (t) => ({
      team: t.string({ required: true, description: "Its name." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ team: string }>("DeleteTeamPayload", "The team that is gone.", (t) => ({
    team: t.string({
      nullable: true,
      description: "Its name.",
      resolve: ({ answer }) => answer?.team ?? null,
    }),
  })),
  run: deleteTeam,
});

verb("setMember", {
  description: "Gives a user a role in a team or in a project, or another one. For its admins.",
  input: builder.inputType("SetMemberInput", {
    description: "Who gets which role where: in a team, or in a project.",
    fields: (t) => ({
      team: t.string({ description: "A team's name." }),
      entity: t.string({ description: "First part of a project's path; the caller's own when absent." }),
      project: t.string({ description: "Second part of a project's path." }),
      user: t.string({ required: true, description: "The user's name." }),
      role: t.field({ type: RoleType, required: true, description: "The role." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<MemberAnswer>("SetMemberPayload", "The member.", (t) => ({
    member: t.field({
      type: Member,
      nullable: true,
      description: "With their strongest role there, which an earlier one may be.",
      resolve: async ({ answer }, _args, context) => (answer ? findMember(context, answer) : null),
    }),
  })),
  run: setMember,
});

verb("removeMember", {
  description:
    "Takes a user's role in a team or in a project away; their keys, those of their runs too, are refused there at once. For its admins, and for oneself.",
  input: builder.inputType("RemoveMemberInput", {
    description: "Who loses which role: in a team, or in a project.",
    fields: (t) => ({
      team: t.string({ description: "A team's name." }),
      entity: t.string({ description: "First part of a project's path; the caller's own when absent." }),
      project: t.string({ description: "Second part of a project's path." }),
      user: t.string({ required: true, description: "The user's name." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<MemberAnswer>("RemoveMemberPayload", "What is left.", (t) => ({
    member: t.field({
      type: Member,
      nullable: true,
      description: "The role that they still have there from elsewhere; null when there is none.",
      resolve: async ({ answer }, _args, context) => (answer ? findMember(context, answer) : null),
    }),
  })),
  run: removeMember,
});

async function findMember({ loaders }: Context, { userId, entityId, projectId }: MemberAnswer) {
  const members =
    projectId === null
      ? await loaders.entityMembers.load(entityId)
      : await loaders.projectMembers.load(projectId);
  return members.find((member) => member.userId === userId) ?? null;
}

verb("createInvitation", {
  description:
    "A link that lets one person in, once: to an account, and with it to a team or a project. For admins there; without either for administrators of the server.",
  input: builder.inputType("CreateInvitationInput", {
    description: "Where to: a team, a project, or only the server.",
    fields: (t) => ({
      team: t.string({ description: "A team's name." }),
      entity: t.string({ description: "First part of a project's path; the caller's own when absent." }),
      project: t.string({ description: "Second part of a project's path." }),
      role: t.field({ type: RoleType, description: "In the team or project; member when absent." }),
      admin: t.boolean({ description: "Whoever accepts administers the server." }),
      email: t.string({ description: "Whom it is for; the new account's address." }),
      expiresInDays: t.int({ description: "1 to 90; 7 when absent." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ invitationId: number; url: string | null }>(
    "CreateInvitationPayload",
    "The invitation.",
    (t) => ({
      invitation: t.field({
        type: Invitation,
        nullable: true,
        description: "The invitation.",
        resolve: ({ answer }, _args, { loaders }) =>
          answer ? loaders.invitation.load(answer.invitationId) : null,
      }),
      url: t.string({
        nullable: true,
        description:
          "Send it to whom it is for: whoever has it may use it. Null for a call repeated from a browser session.",
        resolve: ({ answer }) => answer?.url ?? null,
      }),
    }),
  ),
  run: async (context, input) => {
    const { invitationId, token } = await createInvitation(context, input);
    return { invitationId, url: token === undefined ? null : invitationUrl(context.publicUrl, token) };
  },
});

verb("revokeInvitation", {
  description: "Makes an invitation's link useless. What it has brought already stays.",
  input: builder.inputType("RevokeInvitationInput", {
    description: "Which invitation.",
    fields: (t) => ({
      invitationId: t.id({ required: true, description: "From invitations or createInvitation." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ invitationId: number }>("RevokeInvitationPayload", "The invitation.", (t) => ({
    invitation: t.field({
      type: Invitation,
      nullable: true,
      description: "As it is now.",
      resolve: ({ answer }, _args, { loaders }) =>
        answer ? loaders.invitation.load(answer.invitationId) : null,
    }),
  })),
  run: (context, input) =>
    revokeInvitation(context, { ...input, invitationId: toSmallNumber("invitationId", input.invitationId) }),
});
