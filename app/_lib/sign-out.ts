import { withBase } from "./base";
import { forgetRecent } from "./recent";

/** A form's post: the answer leads on to the sign-in page. */
export function signOut(viewer: string): void {
  forgetRecent(viewer);
  const form = document.createElement("form");
  form.method = "post";
  form.action = withBase("/logout");
  document.body.append(form);
  form.submit();
}
