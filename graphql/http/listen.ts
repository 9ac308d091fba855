import type { Server } from "node:http";
import type { Server as SecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { AppError } from "@/core/errors";

/** @returns the port, which is a free one when 0 was asked for */
export function listen(server: Server | SecureServer, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(explain(error, host, port)));
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const details = { host, port };
  switch (error.code) {
    case "EADDRINUSE":
      return new AppError(
        "PORT_IN_USE",
        `port ${port} on ${host} is taken, perhaps by another Besom: stop it, or set BESOM_PORT to another port (0 picks a free one)`,
        { cause: error, details },
      );
    case "EACCES":
      return new AppError(
        "PORT_IN_USE",
        `port ${port} on ${host} needs more rights: set BESOM_PORT to one above 1023`,
        {
          cause: error,
          details,
        },
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new AppError(
        "BAD_INPUT",
        `${host} is no address of this machine: set BESOM_HOST to one, or to 0.0.0.0 for all`,
        {
          cause: error,
          details,
        },
      );
    default:
      return error;
  }
}

/** Takes no new connections, lets requests under way be answered, and cuts what is left after `patienceMs`. */
export function drain(server: Server | SecureServer, patienceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), patienceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** BESOM_DRAIN_MS: how long a server that is told to stop answers on. @throws AppError BAD_INPUT */
export function readDrainMs(text: string | undefined, otherwise: number): number {
  if (text === undefined || text === "") return otherwise;
  const ms = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (ms <= 600_000) return ms;
  throw new AppError(
    "BAD_INPUT",
    `BESOM_DRAIN_MS is ${JSON.stringify(text)}, expected milliseconds from 0 to 600000`,
  );
}

export function toPort(text: string | undefined): number {
  if (text === undefined || text === "") return 3000;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new AppError("BAD_INPUT", `BESOM_PORT is ${JSON.stringify(text)}, expected a number from 0 to 65535`);
}

/** Where people reach a server: its own address, or this machine's loopback when it listens everywhere. */
export function toUrl(host: string, port: number, scheme: "http" | "https" = "http"): string {
  const reachable = host === "0.0.0.0" || host === "::" || host === "" ? "127.0.0.1" : host;
  return `${scheme}://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

/** Whether only programs on this machine get through. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
