/**
 * `besom/client`: what a program of yours may use. `init` gives the run that this process is; the rest asks the server.
 * The types that users see stand in public.d.ts, which a test holds against this file.
 */
export { AppError as BesomError } from "@/core/errors";
export { type Client, type ClientOptions, openClient } from "./client";
export { type Credentials, findCredentials } from "./credentials";
export { type InitOptions, init, type TrainingRun } from "./run";
