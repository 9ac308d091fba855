import { createServer } from "node:http";
import { Provider } from "oidc-provider";
import { listen } from "@/graphql/http/listen";

/** Somebody with an account at the provider. */
export interface Person {
  subject: string;
  email?: string;
  emailVerified?: boolean;
  username?: string;
  name?: string;
}

export interface TestProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Who sits at the provider's login page; undefined says no there. */
  person: Person | undefined;
  /** Known before our server starts, which needs the issuer's address to do so. */
  allowRedirectTo(uri: string): void;
  close(): Promise<void>;
}

/** A real OpenID provider (oidc-provider, which is certified) in this process, whose login page lets `person` in at once. */
export async function openProvider(port = 0): Promise<TestProvider> {
  const http = createServer();
  const issuer = `http://127.0.0.1:${await listen(http, "127.0.0.1", port)}`;
  const people = new Map<string, Person>();
  const redirectUris = [`${issuer}/nowhere`];
  const client = { clientId: "besom", clientSecret: "a secret of 32 characters or more" };
  const make = (): Provider => {
    const provider: Provider = new Provider(issuer, {
      clients: [
        { client_id: client.clientId, client_secret: client.clientSecret, redirect_uris: redirectUris },
      ],
      cookies: { keys: ["test"] },
      claims: {
        openid: ["sub"],
        email: ["email", "email_verified"],
        profile: ["name", "preferred_username"],
      },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      findAccount: (_context, subject) => ({
        accountId: subject,
        claims: () => {
          const { email, emailVerified = true, username, name } = people.get(subject) ?? {};
          return {
            sub: subject,
            ...(email && { email, email_verified: emailVerified }),
            ...(username && { preferred_username: username }),
            ...(name && { name }),
          };
        },
      }),
      loadExistingGrant: async ({ oidc }) => {
        const grant: InstanceType<Provider["Grant"]> = new provider.Grant({
          clientId: oidc.client?.clientId ?? "",
          accountId: oidc.session?.accountId ?? "",
        });
        grant.addOIDCScope("openid profile email");
        await grant.save();
        return grant;
      },
    });
    return provider;
  };
  // Its configuration is read once: when the first request comes, redirect addresses are known.
  let provider: Provider | undefined;
  const made: TestProvider = {
    issuer,
    ...client,
    person: undefined,
    allowRedirectTo: (uri) => redirectUris.push(uri),
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  http.on("request", (request, response) => {
    provider ??= make();
    if (!request.url?.startsWith("/interaction/")) return void provider.callback()(request, response);
    const { person } = made;
    if (person) people.set(person.subject, person);
    const result = person ? { login: { accountId: person.subject } } : { error: "access_denied" };
    void provider.interactionFinished(request, response, result);
  });
  return made;
}

/** A browser without pages: keeps each host's cookies and follows redirects. */
export class Browser {
  /** The page that it shows: told to servers of the same origin, as our pages ask for. */
  at: string | undefined;
  readonly #jars = new Map<string, Map<string, string>>();

  cookie(url: string): string {
    return [...this.#jar(url)].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** As `name=value`. */
  set(url: string, cookie: string): void {
    const equals = cookie.indexOf("=");
    this.#jar(url).set(cookie.slice(0, equals), cookie.slice(equals + 1));
  }

  #jar(url: string): Map<string, string> {
    const { origin } = new URL(url);
    const jar = this.#jars.get(origin) ?? new Map<string, string>();
    this.#jars.set(origin, jar);
    return jar;
  }

  async get(url: string): Promise<Response> {
    const referer = this.at && new URL(this.at).origin === new URL(url).origin ? this.at : undefined;
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: this.cookie(url), ...(referer && { referer }) },
    });
    const jar = this.#jar(url);
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const equals = pair.indexOf("=");
      if (pair.slice(equals + 1) === "" || /max-age=0/i.test(line)) jar.delete(pair.slice(0, equals));
      else jar.set(pair.slice(0, equals), pair.slice(equals + 1));
    }
    return response;
  }

  /** Until an answer that leads nowhere, or to an address that begins with one of `ends`. @returns where it got to */
  async follow(url: string, ...ends: string[]): Promise<string> {
    for (let here = url, hops = 0; hops < 12; hops++) {
      const response = await this.get(here);
      await response.arrayBuffer();
      const location = response.headers.get("location");
      if (location === null) return here;
      here = new URL(location, here).href;
      if (ends.some((end) => here.startsWith(end))) return here;
    }
    throw new Error(`${url} redirects for ever`);
  }
}
