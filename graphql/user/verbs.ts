import { changePassword } from "@/engine/accounts/change-password";
import { approveDevice } from "@/engine/accounts/device-login";
import { updateProfile } from "@/engine/accounts/profile";
import { setUser } from "@/engine/accounts/users";
import { createApiKey, revokeApiKey } from "@/engine/api-keys";
import { endOtherSessions, endSessionById, requestLoginLink } from "@/engine/sessions";
import { builder } from "../builder";
import type { Context } from "../context";
import { KeyScopeType } from "../entity/enums";
import { toSmallNumber } from "../ids";
import { loginUrl } from "../links";
import { User } from "../refs";
import { mutationId, type Outcome, payload, verb } from "../verb";

verb("createApiKey", {
  description: "Makes a key that speaks for the caller. It is shown once, in this answer.",
  input: builder.inputType("CreateApiKeyInput", {
    description: "What the key is for.",
    fields: (t) => ({
      name: t.string({ required: true, description: "For people, to tell keys apart." }),
      scope: t.field({ type: KeyScopeType, description: "The most it may do; full when absent." }),
      entity: t.string({ description: "First part of a project's path; the caller's own when absent." }),
      project: t.string({
        description:
          "Second part of a project's path: the key then knows that project only. An administrator needs a role of their own there.",
      }),
      expiresAt: t.field({ type: "DateTime", description: "When it ends; never when absent." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ key: string | null; keyId: number }>("CreateApiKeyPayload", "The new key.", (t) => ({
    key: t.string({
      nullable: true,
      description: "The key itself. Null for a call repeated from a browser session.",
      resolve: ({ answer }) => answer?.key ?? null,
    }),
    keyId: t.id({
      nullable: true,
      description: "Its number, to revoke it by.",
      resolve: ({ answer }) => answer?.keyId ?? null,
    }),
  })),
  run: createApiKey,
});

verb("revokeApiKey", {
  description:
    "Takes a key back. It stops working at once, and with it the keys of runs that were derived from it.",
  input: builder.inputType("RevokeApiKeyInput", {
    description: "Which key.",
    fields: (t) => ({
      keyId: t.id({ required: true, description: "From apiKeys or createApiKey." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ keyId: number }>("RevokeApiKeyPayload", "The key that was taken back.", (t) => ({
    keyId: t.id({
      nullable: true,
      description: "Its number.",
      resolve: ({ answer }) => answer?.keyId ?? null,
    }),
  })),
  run: (context, input) => revokeApiKey(context, { ...input, keyId: toSmallNumber("keyId", input.keyId) }),
});

verb("createLoginLink", {
  description:
    "A link that signs a browser in as the caller (or as whom an administrator names), once, within a day. A user's newest 20 links work.",
  input: builder.inputType("CreateLoginLinkInput", {
    description: "For whom.",
    fields: (t) => ({
      user: t.string({
        description:
          "The name of somebody who can't get in any more, for administrators of the server; the caller when absent.",
      }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ url: string | null }>("CreateLoginLinkPayload", "The link.", (t) => ({
    url: t.string({
      nullable: true,
      description: "Open it in the browser. Null for a call repeated from a browser session.",
      resolve: ({ answer }) => answer?.url ?? null,
    }),
  })),
  run: async (context, input) => {
    const token = await requestLoginLink(context, input);
    return { url: token === undefined ? null : loginUrl(context.publicUrl, token) };
  },
});

verb("endSession", {
  description: "Signs one of the caller's browsers out.",
  input: builder.inputType("EndSessionInput", {
    description: "Which browser.",
    fields: (t) => ({
      sessionId: t.id({ required: true, description: "From sessions." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ sessionId: number }>("EndSessionPayload", "The session that has ended.", (t) => ({
    sessionId: t.id({
      nullable: true,
      description: "Its number.",
      resolve: ({ answer }) => answer?.sessionId ?? null,
    }),
  })),
  run: (context, input) =>
    endSessionById(context, { ...input, sessionId: toSmallNumber("sessionId", input.sessionId) }),
});

verb("endOtherSessions", {
  description: "Signs the caller out everywhere but here, and ends login links that were not used.",
  input: builder.inputType("EndOtherSessionsInput", {
    description: "Nothing to choose.",
    fields: (t) => ({ clientMutationId: mutationId(t) }),
  }),
  payload: payload<{ ended: number }>("EndOtherSessionsPayload", "What has ended.", (t) => ({
    ended: t.int({
      nullable: true,
      description: "How many sessions.",
      resolve: ({ answer }) => answer?.ended ?? null,
    }),
  })),
  run: endOtherSessions,
});

const ofUser = (name: string, description: string) =>
  payload<{ userId: number }>(name, description, (t) => ({
    user: t.field({
      type: User,
      nullable: true,
      description: "As it is now.",
      resolve: ({ answer }: Outcome<{ userId: number }>, _args: object, { loaders }: Context) =>
        answer ? loaders.user.load(answer.userId) : null,
    }),
  }));

verb("changePassword", {
  description: "Sets the caller's password, and signs them out everywhere but here.",
  input: builder.inputType("ChangePasswordInput", {
    description: "The passwords.",
    fields: (t) => ({
      current: t.string({ description: "Needed by whoever has a password." }),
      password: t.string({ required: true, description: "The new one: 10 to 1024 characters of any kind." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: ofUser("ChangePasswordPayload", "The account."),
  run: changePassword,
});

verb("updateProfile", {
  description: "How the caller is shown, and reached. What is absent stays; null takes it away.",
  input: builder.inputType("UpdateProfileInput", {
    description: "What changes.",
    fields: (t) => ({
      displayName: t.string({ description: "For people." }),
      email: t.string({ description: "Unique on the server, without regard to case." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: ofUser("UpdateProfilePayload", "The account."),
  run: (context, { clientMutationId }, { displayName, email }) =>
    updateProfile(context, { clientMutationId, displayName, email }),
});

verb("setUser", {
  description:
    "Makes a user an administrator of the server, or disables an account: its sessions end, its keys and those of its runs are refused, teams that it led alone are led by the caller, what it made stays. For administrators of the server.",
  input: builder.inputType("SetUserInput", {
    description: "Who, and what changes.",
    fields: (t) => ({
      name: t.string({ required: true, description: "The user's name." }),
      admin: t.boolean({ description: "May do everything on this server." }),
      disabled: t.boolean({ description: "May do nothing on this server." }),
      forgetPassword: t.boolean({
        description:
          "true signs them out everywhere and forgets their password: after createLoginLink for them they set a new one.",
      }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: ofUser("SetUserPayload", "The account."),
  run: setUser,
});

verb("approveDevice", {
  description:
    "Lets a terminal in that waits with a code (`besom login`), or turns it away. It gets a key of its own.",
  input: builder.inputType("ApproveDeviceInput", {
    description: "Which terminal.",
    fields: (t) => ({
      userCode: t.string({ required: true, description: "As the terminal shows it." }),
      approve: t.boolean({ required: true, description: "false turns it away." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ label: string; approved: boolean }>("ApproveDevicePayload", "The terminal.", (t) => ({
    label: t.string({
      nullable: true,
      description: "What it calls itself.",
      resolve: ({ answer }) => answer?.label ?? null,
    }),
    approved: t.boolean({
      nullable: true,
      description: "Whether it was let in.",
      resolve: ({ answer }) => answer?.approved ?? null,
    }),
  })),
  run: approveDevice,
});
