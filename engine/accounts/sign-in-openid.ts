import { randomBytes } from "node:crypto";
import { AppError } from "@/core/errors";
import { isSlug, RESERVED_ENTITY_NAMES } from "@/core/ids";
import { SIGN_IN_ERRORS, type SignInError } from "@/core/sign-in-errors";
import type { Database, Tx } from "@/db/client";
import {
  lockUserByEmail,
  lockUserById,
  lockUserBySubject,
  type OpenIdUser,
  takenNames,
  tieIdentity,
} from "@/db/queries/openid";
import { insertUser } from "@/db/queries/users";
import { inTransaction } from "@/db/transaction";
import { auditAs } from "../audit";
import { type Browser, newSessionToken, openSession, type SignedIn } from "../sessions";
import { isUniqueViolation } from "../unique";

/** Who somebody is at an OpenID provider, as its signed token says. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  /** In lower case, and only when the provider says that it has made sure. */
  readonly verifiedEmail: string | undefined;
  readonly preferredUsername: string | undefined;
  readonly displayName: string | undefined;
}

export interface OpenIdOptions {
  /** Domains whose people get an account when they first come; `*` for everybody whom the provider knows. */
  readonly allow: readonly string[];
  /** Who is signed in in that browser already: an identity that is nobody's yet becomes theirs. */
  readonly currentUserId: number | undefined;
}

/**
 * By issuer and subject, which never change; else by an address that both the provider and we can rely on; else as
 * who is signed in already; else as somebody new, where that is allowed.
 *
 * An address that its user typed in is not relied on: whoever gave somebody else's address would otherwise be waiting
 * in the account that its owner is signed in to.
 * @throws AppError FORBIDDEN
 */
export async function signInByOpenId(
  db: Database,
  identity: Identity,
  options: OpenIdOptions,
  browser: Browser,
): Promise<SignedIn> {
  const session = newSessionToken();
  for (let tries = 1; ; tries++) {
    try {
      return await inTransaction(db, async (tx) => {
        const userId = await findOrMake(tx, identity, options);
        await auditAs(tx, userId, "session.create", "openid", {
          issuer: identity.issuer,
          address: browser.address ?? null,
        });
        return openSession(tx, { session, userId, browser });
      });
    } catch (error) {
      // Another first visit took the name, or was this same person's.
      if (!isUniqueViolation(error) || tries === 5) throw error;
    }
  }
}

async function findOrMake(tx: Tx, identity: Identity, options: OpenIdOptions): Promise<number> {
  const known = await lockUserBySubject(tx, identity);
  if (known !== undefined) return demandEnabled(known).userId;
  const { verifiedEmail } = identity;
  const same = verifiedEmail === undefined ? undefined : await lockUserByEmail(tx, verifiedEmail);
  if (same?.emailVerified) return tie(tx, same, identity);
  if (options.currentUserId !== undefined) {
    const current = await lockUserById(tx, options.currentUserId);
    if (current !== undefined && (same === undefined || same.userId === current.userId))
      return tie(tx, current, identity);
  }
  if (same !== undefined) {
    throw refusal("openid_unconfirmed");
  }
  return make(tx, identity, options.allow);
}

function demandEnabled(user: OpenIdUser): OpenIdUser {
  if (!user.disabled) return user;
  throw refusal("openid_disabled");
}

async function tie(tx: Tx, user: OpenIdUser, { issuer, subject }: Identity): Promise<number> {
  const { userId, name } = demandEnabled(user);
  if (user.subject !== null && user.issuer === issuer) {
    throw refusal("openid_taken");
  }
  await tieIdentity(tx, { userId, issuer, subject });
  await auditAs(tx, userId, "user.openid", name, { issuer, subject });
  return userId;
}

async function make(tx: Tx, identity: Identity, allow: readonly string[]): Promise<number> {
  const { verifiedEmail, issuer, subject, displayName } = identity;
  const domain = verifiedEmail?.split("@").at(-1);
  if (!allow.includes("*") && (domain === undefined || !allow.includes(domain))) {
    throw refusal("openid_no_account");
  }
  const name = await freeName(tx, identity);
  const { userId } = await insertUser(tx, {
    name,
    admin: false,
    displayName: displayName?.slice(0, 200) ?? null,
    email: verifiedEmail ?? null,
    emailVerified: true,
  });
  await tieIdentity(tx, { userId, issuer, subject });
  await auditAs(tx, userId, "user.create", name, { issuer, subject });
  return userId;
}

const refusal = (reason: SignInError) =>
  new AppError("FORBIDDEN", SIGN_IN_ERRORS[reason], { details: { reason } });

/** What the provider calls them, made into a path's first part, with a number when that is taken. */
async function freeName(tx: Tx, { preferredUsername, verifiedEmail }: Identity): Promise<string> {
  const base = toSlug(preferredUsername?.split("@")[0]) ?? toSlug(verifiedEmail?.split("@")[0]) ?? "user";
  const names = [base, ...Array.from({ length: 200 }, (_, i) => `${base}-${i + 2}`)];
  const taken = await takenNames(tx, names);
  const free = names.find((name) => !taken.has(name) && !RESERVED_ENTITY_NAMES.has(name));
  return free ?? `${base}-${randomBytes(4).toString("hex")}`;
}

/** In small letters and without accents, as people type it. */
function toSlug(text: string | undefined): string | undefined {
  const slug = text
    ?.normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9_.-]+/g, "-")
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "")
    .slice(0, 60);
  return slug !== undefined && isSlug(slug) ? slug : undefined;
}
