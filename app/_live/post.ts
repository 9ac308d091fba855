import { withBase } from "@/app/_lib/base";
import { type Refusal, readFailure, toRefusal } from "./refusal";

export type Posted<Answer> = { answer: Answer; refusal?: never } | { refusal: Refusal; answer?: never };

/** To the doors that know no session yet (`/login`, `/invite`): JSON there and back, the cookie is set on the way. */
export async function post<Answer>(path: string, body: Record<string, unknown>): Promise<Posted<Answer>> {
  try {
    const response = await fetch(withBase(path), {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
    });
    const answer: unknown = await response.json();
    const error = errorOf(answer);
    if (error) return { refusal: readFailure(error) };
    return { answer: answer as Answer };
  } catch (error) {
    return { refusal: toRefusal(error) };
  }
}

function errorOf(answer: unknown): { code: string; message: string; details?: unknown } | undefined {
  if (typeof answer !== "object" || answer === null || !("error" in answer)) return undefined;
  const { error } = answer as { error: { code?: unknown; message?: unknown; details?: unknown } };
  return { code: String(error.code), message: String(error.message), details: error.details };
}
