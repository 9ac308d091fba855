import type { InputObjectRef, ObjectFieldsShape } from "@pothos/core";
import { builder } from "./builder";
import type { Context } from "./context";
import { type Failure, toFailure } from "./errors";

export type Types = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer T> ? T : never;

export const FailureType = builder.objectRef<Failure>("Failure").implement({
  description: "Why a verb was refused, in data: nothing happened.",
  fields: (t) => ({
    code: t.exposeString("code", { description: "Stable, for programs: one of the list in docs/api.md." }),
    message: t.exposeString("message", {
      description: "For people: the value, what was expected, the way out.",
    }),
    details: t.field({
      type: "JSON",
      nullable: true,
      description: "Facts behind the message.",
      resolve: (f) => f.details,
    }),
  }),
});

/** What a payload's fields are resolved from. */
export interface Outcome<Answer> {
  readonly clientMutationId: string | null | undefined;
  /** Exactly one of the two is set. */
  readonly answer?: Answer;
  readonly error?: Failure;
}

/** A payload type: the answer's fields (null beside an error), `error`, and the caller's `clientMutationId` back. */
export function payload<Answer>(
  name: string,
  description: string,
  fields: ObjectFieldsShape<Types, Outcome<Answer>>,
) {
  return builder.objectRef<Outcome<Answer>>(name).implement({
    description,
    fields: (t) => ({
      ...fields(t),
      error: t.field({
        type: FailureType,
        nullable: true,
        description: "Set when the verb was refused.",
        resolve: (outcome) => outcome.error ?? null,
      }),
      clientMutationId: t.string({
        nullable: true,
        description: "As it was sent.",
        resolve: (outcome) => outcome.clientMutationId ?? null,
      }),
    }),
  });
}

/** In every input. @param description for verbs that may be repeated without it */
export const mutationId = (
  t: PothosSchemaTypes.InputFieldBuilder<Types, "InputObject">,
  description = "Chosen by the caller, unique a caller: a repeated call with the same id and input gets the same answer.",
) => t.string({ description });

/** Input fields that were not sent are undefined, as the engine has them; GraphQL clients send null for them as well. */
export type Sent<T> = { [K in keyof T]: Exclude<T[K], null> };

/** Adds a mutation: the input is handed to one verb of the engine; expected failures become the payload's error. */
export function verb<Answer, Fields extends { clientMutationId?: string | null }>(
  name: string,
  options: {
    description: string;
    input: InputObjectRef<Types, Fields>;
    payload: ReturnType<typeof payload<Answer>>;
    /** @param asSent for verbs where null takes away what absence leaves alone */
    run: (context: Context, input: Sent<Fields>, asSent: Fields) => Promise<Answer>;
  },
): void {
  builder.mutationField(name, (t) =>
    t.field({
      type: options.payload,
      description: options.description,
      args: { input: t.arg({ type: options.input, required: true, description: "What to do." }) },
      resolve: async (_root, args, context): Promise<Outcome<Answer>> => {
        const asSent = (args as { input: Fields }).input;
        const input = dropNulls(asSent);
        const { clientMutationId } = input;
        try {
          return { clientMutationId, answer: await options.run(context, input, asSent) };
        } catch (error) {
          const failure = toFailure(error);
          if (failure === undefined) throw error;
          return { clientMutationId, error: failure };
        }
      },
    }),
  );
}

export function dropNulls<T extends object>(input: T): Sent<T> {
  const sent: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input)) if (value !== null) sent[name] = value;
  return sent as Sent<T>;
}
