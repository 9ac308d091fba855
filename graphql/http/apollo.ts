import { ApolloServer, type ApolloServerPlugin, type GraphQLRequestListener } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import type { GraphQLSchema } from "graphql";
import { AppError } from "@/core/errors";
import type { Logger } from "@/engine/context";
import type { Context } from "../context";
import type { Documents } from "../documents";
import { maskError } from "../errors";

/**
 * What Apollo does by default and we don't need is off: cache hints wrap every resolver, persisted queries want a
 * store, the landing page is a door of its own. Documents come parsed and checked from our own cache.
 */
export async function openApollo(
  schema: GraphQLSchema,
  documents: Documents,
  log: Logger,
): Promise<ApolloServer<Context>> {
  /** Whose errors these are: what is logged of a surprise has its request's id. */
  const logs = new WeakMap<object, Logger>();
  const remember: GraphQLRequestListener<Context> = {
    async didEncounterErrors({ errors, contextValue }) {
      for (const error of errors) logs.set(error, contextValue.log);
    },
  };
  const plugins: ApolloServerPlugin<Context>[] = [
    { requestDidStart: async () => remember },
    ApolloServerPluginCacheControlDisabled(),
    ApolloServerPluginInlineTraceDisabled(),
    ApolloServerPluginLandingPageDisabled(),
  ];
  const apollo = new ApolloServer<Context>({
    schema,
    plugins,
    introspection: true,
    persistedQueries: false,
    csrfPrevention: false, // the handler's requireJson
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    documentStore: {
      // The key is Apollo's own prefix and the text's hash.
      get: async (key) => documents.find(key.slice(key.lastIndexOf(":") + 1)),
      set: async () => {},
      delete: async () => false,
    },
    stringifyResult,
    formatError: (_formatted, error) => maskError(error, logs.get(error as object) ?? log),
    logger: {
      debug: (message) => log.debug({}, message),
      info: (message) => log.debug({}, message),
      warn: (message) => log.warn({}, message),
      error: (message) => log.error({}, message),
    },
  });
  await apollo.start();
  return apollo;
}

/** Text is bounded before (bounds.ts); what JSON makes of it, up to six characters for one, has V8's own bound. */
function stringifyResult(result: object): string {
  try {
    return `${JSON.stringify(result)}\n`;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new AppError("QUERY_TOO_LARGE", "the answer is too long for a text: ask for fewer rows at once", {
      cause,
    });
  }
}
