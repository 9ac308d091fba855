import { AppError, type ErrorCode } from "@/core/errors";
import { unreachable } from "./transport";

/** A terminal asks to be let in, and a person who is signed in in a browser says yes (as RFC 8628 has it). */
export interface DeviceLogin {
  /** The terminal's secret. */
  readonly deviceCode: string;
  /** What the person compares. */
  readonly userCode: string;
  /** Where the person decides. */
  readonly url: string;
  readonly intervalMs: number;
  readonly expiresAt: string;
}

export type DeviceAnswer =
  | { readonly status: "pending" | "denied" | "expired" }
  | { readonly status: "approved"; readonly key: string; readonly name: string };

const TIMEOUT_MS = 10_000;

/** What the server says is printed and opened here, so it has to be a page's address and a code, and no more than that. */
export async function startDeviceLogin(server: string, label: string): Promise<DeviceLogin> {
  const login = await post<DeviceLogin>(server, "login/device", { label });
  const { userCode } = login;
  const url = URL.canParse(login.url) ? new URL(login.url) : undefined;
  if (url && /^https?:$/.test(url.protocol) && /^[A-Z0-9-]{1,32}$/.test(userCode))
    return { ...login, url: url.href };
  throw noAnswer(server, 200);
}

/**
 * Asks until the person has decided. A server that is away for a moment, or that asks for patience, is asked again: the
 * code lives for minutes.
 * @throws AppError FORBIDDEN when the answer was no, UNAUTHENTICATED when nobody decided in time
 */
export async function awaitDeviceLogin(server: string, login: DeviceLogin): Promise<string> {
  for (;;) {
    await pause(login.intervalMs);
    const answer = await post<DeviceAnswer>(server, "login/device/poll", {
      deviceCode: login.deviceCode,
    }).catch((error: unknown) => {
      if (error instanceof AppError && AGAIN.has(error.code)) return { status: "pending" } as const;
      throw error;
    });
    if (answer.status === "approved") return answer.key;
    if (answer.status === "denied")
      throw new AppError("FORBIDDEN", "the sign-in was denied in the browser; nothing was kept");
    if (answer.status === "expired" || Date.parse(login.expiresAt) + TIMEOUT_MS < Date.now())
      throw new AppError(
        "UNAUTHENTICATED",
        `nobody approved the code ${login.userCode} in time; run \`npx besom login\` again`,
      );
  }
}

const AGAIN: ReadonlySet<ErrorCode> = new Set(["SERVER_UNREACHABLE", "UNAVAILABLE", "RATE_LIMITED"]);

async function post<Answer>(server: string, path: string, body: Record<string, unknown>): Promise<Answer> {
  const { status, text } = await send(server, toAddress(server, path), body);
  const answer = parse(text);
  const error = answer?.error;
  if (typeof error === "object" && error !== null && "code" in error && "message" in error)
    throw new AppError(String(error.code) as ErrorCode, String(error.message));
  if (status === 200 && answer) return answer as Answer;
  throw noAnswer(server, status);
}

const noAnswer = (server: string, status: number) =>
  new AppError(
    "SERVER_UNREACHABLE",
    `the server at ${server} answered ${status} without an answer of Besom's: is this its address? An older Besom takes a key: \`npx besom login ${server} --key -\``,
  );

async function send(server: string, address: URL, body: unknown): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    // What went wrong on the network stands in the cause; `fetch failed` alone helps nobody.
    throw unreachable(server, error instanceof Error ? (error.cause ?? error) : error);
  }
}

/** A server may lie below a path. */
function toAddress(server: string, path: string): URL {
  const base = URL.canParse(server) ? new URL(server) : undefined;
  if (base?.protocol === "http:" || base?.protocol === "https:")
    return new URL(`${base.origin}${base.pathname.replace(/\/+$/, "")}/${path}`);
  throw new AppError(
    "BAD_USAGE",
    `the server's address must look like http://host:3000, not ${JSON.stringify(server)}`,
  );
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
