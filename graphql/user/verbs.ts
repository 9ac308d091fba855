import { createApiKey, revokeApiKey } from "@/engine/api-keys";
import { requestLoginLink } from "@/engine/sessions";
import { builder } from "../builder";
import { toSmallNumber } from "../ids";
import { loginUrl } from "../links";
import { mutationId, payload, verb } from "../verb";

verb("createApiKey", {
  description: "Makes a key that speaks for the caller. It is shown once, in this answer.",
  input: builder.inputType("CreateApiKeyInput", {
    description: "What the key is for.",
    fields: (t) => ({
      name: t.string({ required: true, description: "For people, to tell keys apart." }),
      expiresAt: t.field({ type: "DateTime", description: "When it ends; never when absent." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ key: string | null; keyId: number }>("CreateApiKeyPayload", "The new key.", (t) => ({
    key: t.string({
      nullable: true,
      description: "The key itself.",
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
  description: "Takes a key back. It stops working at once here, within 5 seconds on other servers.",
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
  run: (context, input) => revokeApiKey(context, { keyId: toSmallNumber("keyId", input.keyId) }),
});

verb("createLoginLink", {
  description:
    "A link that signs a browser in as the caller, once, within a day. A user's newest 20 links work.",
  input: builder.inputType("CreateLoginLinkInput", {
    description: "Nothing to choose.",
    fields: (t) => ({ clientMutationId: mutationId(t) }),
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
