import { AppError } from "@/core/errors";

/**
 * Numbers as W&B's clients want them: base64, since what refers to another artifact (`wandb-artifact://HEX/path`) is spelled from it (W70).
 * @throws AppError NOT_FOUND
 */
export const toGlobal = (kind: string, id: number | string): string =>
  Buffer.from(`${kind}:${id}`).toString("base64");

export function fromGlobal(kind: string, text: string): number {
  const [, found, id] = /^(\w+):(\d{1,15})$/.exec(Buffer.from(text, "base64").toString("utf8")) ?? [];
  if (found === kind) return Number(id);
  throw new AppError("NOT_FOUND", `${kind} ${text.slice(0, 100)} is unknown`);
}
