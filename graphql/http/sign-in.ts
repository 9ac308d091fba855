import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError, isAppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { authenticateSession } from "@/engine/authorize";
import type { Logger } from "@/engine/context";
import { endSession, redeemLoginLink } from "@/engine/sessions";
import { isSameOrigin, readCookie, sessionCookie, toSessionCookie } from "./credentials";
import { sendError } from "./handler";

export interface SignInOptions {
  db: Database;
  publicUrl: string;
  /** With pages there is a page that explains what to do about a dead link. */
  pages: boolean;
  log: Logger;
}

/** `GET /login?token=` uses up a one-time link, sets the session cookie and goes on to the pages. */
export async function signIn(
  { db, publicUrl, pages, log }: SignInOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader("cache-control", "no-store");
  // The token must not travel on in the Referer of the page's own requests.
  response.setHeader("referrer-policy", "no-referrer");
  try {
    const { searchParams } = new URL(request.url ?? "/", publicUrl);
    const { session, expiresAt } = await redeemLoginLink(db, searchParams.get("token") ?? "");
    response.setHeader("set-cookie", toSessionCookie(session, publicUrl, expiresAt));
    redirect(response, `${publicUrl}/`);
  } catch (error) {
    if (!isAppError(error) || error.code !== "UNAUTHENTICATED") return sendError(response, error, log);
    // A second click on a used link in the browser that it signed in.
    const token = readCookie(request.headers.cookie, sessionCookie(publicUrl));
    if (token !== undefined && (await isAlive(db, token))) return redirect(response, `${publicUrl}/`);
    if (pages) redirect(response, `${publicUrl}/login`);
    else sendError(response, error, log);
  }
}

/** `POST /logout` from one of our pages ends the session. */
export async function signOut(
  { db, publicUrl, log }: SignInOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      throw new AppError("BAD_INPUT", "send POST to /logout");
    }
    if (!isSameOrigin(request.headers, publicUrl))
      throw new AppError("FORBIDDEN", "only this server's pages may sign out");
    const token = readCookie(request.headers.cookie, sessionCookie(publicUrl));
    if (token !== undefined) await endSession(db, token);
    response.setHeader("set-cookie", toSessionCookie("", publicUrl, new Date(0)));
    redirect(response, `${publicUrl}/login`);
  } catch (error) {
    sendError(response, error, log);
  }
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { location }).end();
}

const isAlive = (db: Database, token: string): Promise<boolean> =>
  authenticateSession(db, token).then(
    () => true,
    () => false,
  );
