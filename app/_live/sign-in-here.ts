import { withBase, withoutBase } from "@/app/_lib/base";
import { toSignIn } from "@/app/_lib/paths";

/** In the browser: the sign-in page, which leads back to where one is. */
export const toSignInHere = (): string =>
  withBase(toSignIn(withoutBase(location.pathname) + location.search));
