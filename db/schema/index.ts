export * from "./agent";
export * from "./metric";
export * from "./project";
export * from "./run";
export * from "./sign-in";
export * from "./sweep";
export * from "./system";
export * from "./user";
