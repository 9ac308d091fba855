import { AppError } from "@/core/errors";
import { badInput, isStorable } from "../check";

/** RFC 5321's limit; the shape is checked as far as it tells a slip of the pen, mail is what proves an address. */
const MAX_LENGTH = 254;

/** In lower case: two people whose addresses differ in case only would be one to every mail server that matters. */
export function checkEmail(value: unknown): string {
  if (typeof value === "string" && value.length <= MAX_LENGTH && isStorable(value)) {
    const email = value.trim().toLowerCase();
    if (/^[^\s@<>,;]+@[^\s@<>,;.]+(\.[^\s@<>,;.]+)*$/.test(email)) return email;
  }
  throw badInput("email", value, "an address such as anna@example.org");
}

export const emailTaken = (email: string) =>
  new AppError("NAME_TAKEN", `another account has the address ${email}`, { details: { email } });
