/**
 * `besom/client`: what a program of yours may use. `init` gives the run that this process is; `openClient` asks the server, with
 * our own operations or with one of yours (`toDocument`). The types that users see are bundled into public.d.ts
 * by scripts/print-client-types.ts; a test compares them.
 */
export { AppError as BesomError } from "@/core/errors";
export * from "@/graphql/operations";
export { type Client, type ClientOptions, openClient } from "./client";
export { type Credentials, findCredentials } from "./credentials";
export { type InitOptions, init, type TrainingRun } from "./run";
