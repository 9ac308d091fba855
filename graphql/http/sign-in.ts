import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { getViewer } from "@/db/queries/users";
import { acceptInvitation, acceptInvitationAsNew, viewInvitation } from "@/engine/accounts/accept-invitation";
import { POLL_EVERY_MS, pollDeviceLogin, startDeviceLogin } from "@/engine/accounts/device-login";
import { signInByPassword, type Visitor } from "@/engine/accounts/sign-in";
import type { Logger } from "@/engine/context";
import { endSession, redeemLoginLink, type SignedIn } from "@/engine/sessions";
import { type Caller, identifyRequest } from "../authenticate";
import { addressGroup, clientAddress } from "./address";
import { isSameOrigin, readCookie, sessionCookie, toSessionCookie } from "./credentials";
import { sendError } from "./handler";
import { type OpenIdSettings, openOpenId } from "./openid";
import { type Rate, RateLimit, rateLimited } from "./rate-limit";
import { answerJson, type Fields, keepPrivate, readJson } from "./sign-in-json";

export interface SignInOptions {
  db: Database;
  publicUrl: string;
  log: Logger;
  /** The provider by which people may sign in; undefined for none. */
  openId?: OpenIdSettings | undefined;
}

/** Of one address, behind which there may be an office and its terminals that wait for `besom login`. */
const VISITS: Rate = { perSecond: 20, burst: 300 };

type Door = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * The doors by which people come in before they have a session or a key. Secrets come in the body of a POST, never in
 * an address: pages read one-time tokens from the fragment, which no server, proxy or log sees.
 * @returns what answers a request; undefined when it is none of these doors
 */
export function openSignIn({
  db,
  publicUrl,
  log,
  openId,
}: SignInOptions): (path: string, method?: string) => Door | undefined {
  const visits = new RateLimit(VISITS);
  /** Signs the browser in; a session that it had before ends. */
  const admit = async (
    request: IncomingMessage,
    response: ServerResponse,
    { session, expiresAt }: SignedIn,
  ) => {
    const before = readCookie(request.headers.cookie, sessionCookie(publicUrl));
    if (before !== undefined) await endSession(db, before);
    response.appendHeader("set-cookie", toSessionCookie(session, publicUrl, expiresAt));
  };
  /** Who is signed in already; undefined for everybody else. */
  const maybeCaller = (request: IncomingMessage): Promise<Caller | undefined> =>
    identifyRequest(db, request.headers, publicUrl).catch(() => undefined);
  /** @throws AppError RATE_LIMITED */
  const countVisit = (request: IncomingMessage): void => {
    const address = clientAddress(request);
    const waitMs = visits.take(addressGroup(address));
    if (waitMs > 0) throw rateLimited(address, waitMs);
  };
  const json = (
    answer: (fields: Fields, request: IncomingMessage, response: ServerResponse) => Promise<object>,
  ): Door =>
    answerJson(log, async (request, response) => {
      refuseOtherSites(request, publicUrl);
      countVisit(request);
      return answer(await readJson(request), request, response);
    });

  const doors: Readonly<Record<string, Door>> = {
    "/login": json(async ({ token, name, password }, request, response) => {
      const visitor = toVisitor(request);
      const signedIn =
        token === undefined
          ? await signInByPassword(db, { name, password }, visitor)
          : await redeemLoginLink(db, String(token), visitor);
      await admit(request, response, signedIn);
      return { url: `${publicUrl}/` };
    }),

    "/invite": json(async ({ token }, request) => {
      const { by, team, project, ...view } = await viewInvitation(db, token);
      const caller = await maybeCaller(request);
      const viewer = caller && (await getViewer(db, caller.access));
      return {
        invitation: {
          ...view,
          by: by.displayName ?? by.name,
          team,
          project: project && `${project.entity}/${project.name}`,
          signedInAs: viewer?.name ?? null,
        },
      };
    }),

    "/invite/accept": json(async ({ token, name, displayName, password }, request, response) => {
      const caller = name === undefined ? await identifyRequest(db, request.headers, publicUrl) : undefined;
      if (caller !== undefined) {
        const { path } = await acceptInvitation({ db, log, access: caller.access }, { token });
        return { url: `${publicUrl}${path}` };
      }
      const visitor = toVisitor(request);
      const made = await acceptInvitationAsNew(db, { token, name, displayName, password }, visitor);
      await admit(request, response, made);
      return { url: `${publicUrl}${made.path}` };
    }),

    "/login/device": json(async ({ label }, request) => {
      const { address, near } = toVisitor(request);
      const { deviceCode, userCode, expiresAt } = await startDeviceLogin(db, { label, address, near });
      const url = `${publicUrl}/authorize/device?code=${userCode}`;
      return { deviceCode, userCode, url, intervalMs: POLL_EVERY_MS, expiresAt };
    }),

    "/login/device/poll": json(async ({ deviceCode }, request) =>
      pollDeviceLogin(db, { deviceCode, address: addressGroup(clientAddress(request)) }),
    ),

    /** A form of one of our pages. */
    "/logout": async (request, response) => {
      keepPrivate(response);
      try {
        if (!isSameOrigin(request.headers, publicUrl))
          throw new AppError("FORBIDDEN", "only this server's pages may sign out");
        const token = readCookie(request.headers.cookie, sessionCookie(publicUrl));
        if (token !== undefined) await endSession(db, token);
        response.setHeader("set-cookie", toSessionCookie("", publicUrl, new Date(0)));
        response.writeHead(303, { location: `${publicUrl}/login` }).end();
      } catch (error) {
        sendError(response, error, log);
      }
    },
  };

  const provider = openId && openOpenId({ settings: openId, db, publicUrl, log, admit });
  /** Each way back asks the provider, who would tire of us. */
  const counted =
    (door: Door): Door =>
    async (request, response) => {
      countVisit(request);
      await door(request, response);
    };
  const pages: Readonly<Record<string, Door>> = provider
    ? { "/login/oidc": counted(provider.leave), "/login/oidc/callback": counted(provider.comeBack) }
    : {};

  return (path, method) => {
    if (method === "GET" && Object.hasOwn(pages, path)) return pages[path];
    const door = Object.hasOwn(doors, path) ? doors[path] : undefined;
    // /login and /invite are pages too; the others answer nothing but POST.
    return method === "POST" || !["/login", "/invite"].includes(path) ? door : undefined;
  };
}

/** Programs send neither an origin nor a cookie; a browser comes from our own pages. @throws AppError FORBIDDEN */
function refuseOtherSites({ headers }: IncomingMessage, publicUrl: string): void {
  const isBrowser = headers.origin !== undefined || headers["sec-fetch-site"] !== undefined;
  const hasSession = readCookie(headers.cookie, sessionCookie(publicUrl)) !== undefined;
  if ((!isBrowser && !hasSession) || isSameOrigin(headers, publicUrl)) return;
  throw new AppError("FORBIDDEN", "this server's own pages only may do this in a browser", {
    details: { origin: headers.origin ?? null },
  });
}

const toVisitor = (request: IncomingMessage): Visitor => {
  const address = clientAddress(request);
  return { address, near: addressGroup(address), userAgent: request.headers["user-agent"] };
};
