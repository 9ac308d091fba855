import { randomBytes, randomInt } from "node:crypto";
import { AppError } from "@/core/errors";
import { toApiKey } from "@/core/ids";
import type { Database } from "@/db/client";
import {
  countDeviceLogins,
  decideDeviceLogin,
  insertDeviceLogin,
  lockDeviceLogin,
  markDeviceTaken,
} from "@/db/queries/device-logins";
import { insertApiKey } from "@/db/queries/keys";
import { getUsers } from "@/db/queries/users";
import { inTransaction, retrying } from "@/db/transaction";
import { audit, auditAs } from "../audit";
import { requireAccount, systemAccess } from "../authorize";
import { checkMutationId, checkText } from "../check";
import type { EngineContext } from "../context";
import { PREFIX_LENGTH } from "../first-admin";
import { once } from "../once";
import { hashKey } from "../run-key";
import { withThrottle } from "./throttle";

/** `besom login`: a terminal shows a code and waits, somebody who is signed in in a browser says yes (as RFC 8628 has it). */

export const DEVICE_KEPT_MS = 10 * 60_000;
export const POLL_EVERY_MS = 2_000;
/** Anybody may begin; this many wait at once, and of one client's addresses. */
const MAX_WAITING = 1_000;
const MAX_WAITING_NEAR = 30;
/** No vowels, so no words; no letter that looks like another. 20^8 codes. */
const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";

export interface StartedDevice {
  /** The terminal's secret. */
  readonly deviceCode: string;
  /** What the person compares, as `BCDF-GHJK`. */
  readonly userCode: string;
  readonly expiresAt: Date;
}

/**
 * @param near the network of the address that one client can't leave at will
 * @throws AppError BAD_INPUT, RATE_LIMITED
 */
export async function startDeviceLogin(
  db: Database,
  { label, address, near: network }: { label: unknown; address: string; near: string },
): Promise<StartedDevice> {
  const name = checkText("label", label, 100);
  const { all, near } = await retrying(() => countDeviceLogins(db.sql, network));
  if (all >= MAX_WAITING || near >= MAX_WAITING_NEAR) {
    throw new AppError("RATE_LIMITED", "too many terminals wait to be let in: try again in a minute", {
      details: { retryAfterMs: 60_000 },
    });
  }
  const deviceCode = randomBytes(32).toString("base64url");
  for (;;) {
    const letters = Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join("");
    const userCode = `${letters.slice(0, 4)}-${letters.slice(4)}`;
    const device = { codeHash: hashKey(deviceCode), userCode, label: name, address, keptMs: DEVICE_KEPT_MS };
    const expiresAt = await retrying(() => insertDeviceLogin(db.sql, device));
    if (expiresAt !== undefined) return { deviceCode, userCode, expiresAt };
  }
}

/** As people type it: small letters, without the hyphen. */
export function toUserCode(text: string): string {
  const letters = text.toUpperCase().replace(/[^A-Z]/g, "");
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

/** The answer of somebody who is signed in. @throws AppError NOT_FOUND */
export async function approveDevice(
  context: EngineContext,
  input: { userCode: string; approve: boolean; clientMutationId?: string | undefined },
): Promise<{ label: string; approved: boolean }> {
  const { userId } = requireAccount(context.access);
  const userCode = toUserCode(checkText("userCode", input.userCode, 50));
  const { approve } = input;
  const { answer } = await once(
    context,
    {
      verb: "approveDevice",
      input: { userCode, approve },
      clientMutationId: checkMutationId(input.clientMutationId),
    },
    async (tx) => {
      const label = await decideDeviceLogin(tx, { userCode, userId, approve });
      if (label === undefined) {
        throw new AppError(
          "NOT_FOUND",
          `no terminal waits with the code ${userCode}: start besom login again`,
          {
            details: { userCode },
          },
        );
      }
      if (approve) await audit(tx, context, "device.approve", label);
      return { label, approved: approve };
    },
  );
  return answer;
}

export type DeviceAnswer =
  | { readonly status: "pending" | "denied" | "expired" }
  | { readonly status: "approved"; readonly key: string; readonly name: string };

/**
 * The terminal asks whether it was let in. The first answer "approved" carries a new key; after it the code is worth
 * nothing.
 */
export async function pollDeviceLogin(
  db: Database,
  { deviceCode, address }: { deviceCode: unknown; address: string },
): Promise<DeviceAnswer> {
  const codeHash = hashKey(checkText("deviceCode", deviceCode, 200));
  const key = toApiKey(randomBytes(32));
  const taken = await withThrottle(db, [`device:${address}`], () =>
    inTransaction(db, async (tx) => {
      const device = await lockDeviceLogin(tx, codeHash);
      if (device === undefined) throw new AppError("UNAUTHENTICATED", "this device code is unknown");
      const { approvedBy, label } = device;
      if (device.denied || (approvedBy !== null && !device.living)) return "denied";
      if (device.taken || device.expired) return "expired";
      if (approvedBy === null) return "pending";
      const prefix = key.slice(0, PREFIX_LENGTH);
      const made = {
        userId: approvedBy,
        name: label,
        scope: "full" as const,
        projectId: null,
        expiresAt: null,
      };
      const keyId = await insertApiKey(tx, { ...made, prefix, hash: hashKey(key) });
      await markDeviceTaken(tx, codeHash);
      await auditAs(tx, approvedBy, "api_key.create", String(keyId), {
        name: label,
        prefix,
        by: "besom login",
      });
      return { userId: approvedBy };
    }),
  );
  if (typeof taken === "string") return { status: taken };
  const [user] = await getUsers(db, systemAccess(), [taken.userId]);
  return { status: "approved", key, name: user?.name ?? "" };
}
