import { AppError } from "@/core/errors";
import { isStorable } from "../check";

export const MIN_PASSWORD = 10;
export const MAX_PASSWORD = 1_024;

/** Of the lists that are tried first, those of at least MIN_PASSWORD characters; shorter ones are refused for that. */
const COMMON: ReadonlySet<string> = new Set(
  `0123456789 01234567890 1111111111 1122334455 1212121212 123123123123 123412341234 1234512345 123454321a 1234554321
  123456123456 123456654321 1234567890 12345678900 12345678910 1234567891 1234567899 123456789a 123456789q
  1234567890q 123456abcd 1234qwerasdf 123qwe123qwe 123qweasdzxc 147258369a 159357159357 18atcskd2w 1a2b3c4d5e
  1q2w3e4r5t 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz2wsx3edc 1qazxsw23edc 1qaz1qaz1qaz 3rjs1la7qe 7777777777 9876543210
  987654321a abc123abc123 abcd123456 abcd1234567 abcdefghij abcdefghijk administrator adminadmin admin12345 admin123456
  adobe12345 aa12345678 asdasdasdasd asdfasdfasdf asdfghjkl123 asdfghjkl; asdf1234asdf azertyuiop baseball123 besombesom
  changeme12 changeme123 changeme1234 changeit123 computer123 correcthorsebatterystaple default123 dragon1234
  dragondragon football123 football1234 google12345 iloveyou12 iloveyou123 iloveyou1234 iloveyousomuch jordan2323
  killer1234 letmein123 letmein1234 letmeinplease liverpool1 manchester mynoob1234 myspace123 newpassword p@ssw0rd12
  p@ssw0rd123 p@ssword123 pa55word123 passw0rd12 passw0rd123 passw0rd1234 password00 password01 password10 password11
  password12 password123 password1234 password12345 password123456 password1! password@1 password@123 password!1
  passwordpassword pokemon123 princess123 princess12 q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedc123 qazwsxedcrfv qwe123qwe123
  qwer123456 qwer1234qwer qwerasdfzxcv qwerty1234 qwerty12345 qwerty123456 qwertyuiop qwertyuiop123 qwertyuiop[]
  qwertyqwerty rootrootroot secret1234 secretsecret startrek12 sunshine12 sunshine123 superman123 superuser1 testtest12
  testtest123 testtesttest trustno1trustno1 unknown123 welcome123 welcome1234 welcome12345 whatever12 whatever123
  wordpass12 yellow1234 zaq12wsxcde3 zaq1zaq1zaq1 zxcvbnm123 zxcvbnm1234 zxcvbnmasdf`.split(/\s+/),
);

/**
 * Length is what counts (NIST SP 800-63B: no composition rules), and not to be what is tried first: the account's own
 * names, a character over and over, a rising row, the most common passwords.
 * @param own the account's name and address
 * @throws AppError BAD_INPUT, without the password
 */
export function checkPassword(value: unknown, own: readonly (string | null | undefined)[]): string {
  if (typeof value !== "string" || value.length > MAX_PASSWORD || !isStorable(value)) {
    throw refused(`has to be text of ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`);
  }
  if ([...value].length < MIN_PASSWORD) throw refused(`is too short: at least ${MIN_PASSWORD} characters`);
  const plain = value.normalize("NFKC").toLowerCase();
  if (COMMON.has(plain) || isMonotonous(plain)) {
    throw refused(
      "is one of the first that anybody tries: take another, for example four words that don't belong together",
    );
  }
  for (const name of own.flatMap((text) =>
    text ? [text.toLowerCase(), text.toLowerCase().split("@")[0] ?? ""] : [],
  )) {
    if (name.length >= 3 && plain.replaceAll(name, "").length < MIN_PASSWORD / 2) {
      throw refused("is little more than your own name or address: take another");
    }
  }
  return value;
}

/** One or two characters over and over, or each one more (or less) than the one before. */
function isMonotonous(text: string): boolean {
  if (new Set(text).size <= 2) return true;
  const steps = new Set<number>();
  for (let i = 1; i < text.length; i++) steps.add(text.charCodeAt(i) - text.charCodeAt(i - 1));
  return steps.size === 1;
}

const refused = (why: string) =>
  new AppError("BAD_INPUT", `the password ${why}`, { details: { name: "password" } });
