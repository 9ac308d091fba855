/** What the login page does with the token in a link's fragment. */
export function openLink(link: string, headers: Record<string, string> = {}): Promise<Response> {
  const { origin, pathname, hash } = new URL(link);
  return postJson(origin, pathname, { token: new URLSearchParams(hash.slice(1)).get("token") }, headers);
}

/** One of the sign-in doors, as any program reaches it. */
export const postJson = (
  origin: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(`${origin}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    redirect: "manual",
  });

/** As a browser sends it back. */
export const cookieOf = (response: Response): string =>
  response.headers.get("set-cookie")?.split(";")[0] ?? "";
