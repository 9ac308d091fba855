import type { IncomingHttpHeaders } from "node:http";
import type { Access } from "@/core/access";
import { AppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { authenticate, authenticateSession } from "@/engine/authorize";
import { type Credentials, isSameOrigin, readCredentials } from "./http/credentials";

export interface Caller {
  readonly access: Access;
  /** The API key as it came; a browser session has none. */
  readonly secret?: string;
}

/** Who asks? Nothing is anonymous, on loopback neither. @throws AppError UNAUTHENTICATED */
export async function identify(db: Database, credentials: Credentials | undefined): Promise<Caller> {
  switch (credentials?.kind) {
    case "key":
      return { access: await authenticate(db, credentials.key), secret: credentials.key };
    case "session":
      return { access: await authenticateSession(db, credentials.token) };
    default:
      throw new AppError(
        "UNAUTHENTICATED",
        "not signed in: send Authorization: Bearer KEY (besom login finds or stores one), or open a login link in the browser",
      );
  }
}

/**
 * A request by HTTP. With the cookie it must come from one of our own pages: browsers send cookies along with what
 * other sites make them send.
 * @throws AppError UNAUTHENTICATED, FORBIDDEN
 */
export async function identifyRequest(
  db: Database,
  headers: IncomingHttpHeaders,
  publicUrl: string,
): Promise<Caller> {
  const credentials = readCredentials(headers, publicUrl);
  if (credentials?.kind === "session" && !isSameOrigin(headers, publicUrl)) {
    throw new AppError(
      "FORBIDDEN",
      "a browser session works from this server's own pages only: use an API key",
      {
        details: { origin: headers.origin ?? null },
      },
    );
  }
  return identify(db, credentials);
}
