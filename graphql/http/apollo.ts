import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import type { GraphQLSchema } from "graphql";
import type { Logger } from "@/engine/context";
import type { Context } from "../context";
import { maskError } from "../errors";
import { limitDocument, MAX_TOKENS } from "../limits";

/**
 * What Apollo does by default and we don't need is off: cache hints wrap every resolver (a third of a claim's
 * time), persisted queries want a store, the landing page is a door of its own.
 */
export async function openApollo(schema: GraphQLSchema, log: Logger): Promise<ApolloServer<Context>> {
  const plugins: ApolloServerPlugin<Context>[] = [
    ApolloServerPluginCacheControlDisabled(),
    ApolloServerPluginInlineTraceDisabled(),
    ApolloServerPluginLandingPageDisabled(),
  ];
  const apollo = new ApolloServer<Context>({
    schema,
    plugins,
    introspection: true,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    validationRules: [limitDocument],
    formatError: (_formatted, error) => maskError(error, log),
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
