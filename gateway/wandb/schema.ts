import { buildSchema, type GraphQLScalarType, type GraphQLSchema, Kind, type ValueNode } from "graphql";
import { ARTIFACT_SDL } from "./artifact-schema";

/**
 * W&B's words, as far as its clients use them (wandb-wire-protocol.md, appendix A; W4). Types are lenient on purpose: what a client never
 * reads may be null.
 */
const SDL = /* GraphQL */ `
scalar JSONString
scalar JSON
scalar Int64
scalar Duration
scalar DateTime

enum AlertSeverity { INFO WARN ERROR }
enum RampIDType { OrgName }

type Query {
  viewer: User
  serverInfo: ServerInfo
  organization(name: String): Organization
  entity(name: String): Entity
  project(name: String, entityName: String): Project
  model(name: String, entityName: String): Project
  models(entityName: String, after: String, first: Int): ProjectConnection
  users(query: String): UserConnection
}
type ServerInfo {
  features: [ServerFeature]
  cliVersionInfo: JSON
  latestLocalVersionInfo: LocalVersionInfo
}
# For versions before 0.20, which look first whether there is such a type.
type ServerSettings { serverMessages: [ServerMessage!]! }
type ServerMessage { utfText: String  plainText: String  htmlText: String  messageType: String  messageLevel: String }
type ServerFeature { name: String!  isEnabled: Boolean! }
type LocalVersionInfo { outOfDate: Boolean  latestVersionString: String  versionOnThisInstanceString: String }
type Organization { name: String  coreWeaveOrganizationId: String  featureFlags(rampIDType: RampIDType): [FeatureFlag] }
type FeatureFlag { rampKey: String!  isEnabled: Boolean! }
type PageInfo { endCursor: String  hasNextPage: Boolean! }

type User {
  id: ID!  name: String!  username: String  email: String  admin: Boolean
  entity: String  flags: JSONString  deletedAt: DateTime
  teams: EntityConnection  apiKeys: ApiKeyConnection
}
type UserConnection { edges: [UserEdge!]! }
type UserEdge { node: User }
type ApiKeyConnection { edges: [ApiKeyEdge!]! }
type ApiKeyEdge { node: ApiKey }
type ApiKey { id: ID!  name: String!  description: String }
type EntityConnection { edges: [EntityEdge!]! }
type EntityEdge { node: Entity }
type Entity { id: ID!  name: String!  isTeam: Boolean  available: Boolean  organization: Organization }

type ProjectConnection { edges: [ProjectEdge!]!  pageInfo: PageInfo! }
type ProjectEdge { node: Project  cursor: String }
type Project {
  id: ID!  internalId: ID!  name: String!  entityName: String!  entity: Entity!
  description: String  access: String  views: JSONString  createdAt: DateTime!
  isBenchmark: Boolean!  readOnly: Boolean  user: User
  run(name: String!, desc: String): Run
  bucket(name: String!, missingOk: Boolean, desc: String): Run
  runs(filters: JSONString, order: String, first: Int, after: String): RunConnection
  runCount(filters: JSONString): Int
  sweep(sweepName: String!): Sweep
  sweeps(first: Int, after: String, filters: JSONString): SweepConnection
  totalSweeps: Int!
}
type RunConnection { edges: [RunEdge!]!  pageInfo: PageInfo! }
type RunEdge { node: Run!  cursor: String! }
type Run {
  id: ID!  projectId: Int!  name: String!  displayName: String  description: String  notes: String
  state: String  group: String  jobType: String  commit: String  host: String  program: String
  tags: [String!]  sweepName: String  readOnly: Boolean
  config: JSONString  summaryMetrics: JSONString  systemMetrics: JSONString
  wandbConfig(keys: [String!]): JSONString
  createdAt: DateTime!  heartbeatAt: DateTime
  user: User  project: Project!
  exitcode: Int  stopped: Boolean!  shouldStop: Boolean!  failed: Boolean!  running: Boolean!
  historyKeys: JSON
  historyLineCount: Int!  eventsLineCount: Int!  logLineCount: Int!
  historyTail: JSONString  eventsTail: JSONString
  history(minStep: Int64, maxStep: Int64, samples: Int): [JSONString!]
  events(samples: Int): [JSONString!]
  sampledHistory(specs: [JSONString!]!): [JSON]
  parquetHistory(liveKeys: [String!]!): ParquetHistory
  logLines(first: Int, after: String, last: Int, useImprovedPagination: Boolean): LogLineConnection
  fileCount: Int
  files(names: [String], first: Int, after: String, pattern: String): FileConnection
}
type ParquetHistory { parquetUrls: [String!]!  liveData: [JSON!]! }
type LogLineConnection { edges: [LogLineEdge!]!  pageInfo: PageInfo! }
type LogLineEdge { node: LogLine!  cursor: String }
type LogLine { number: Int!  timestamp: DateTime  level: String  label: String  line: String! }
type FileConnection { edges: [FileEdge!]!  pageInfo: PageInfo!  uploadHeaders: [String!] }
type FileEdge { node: File  cursor: String }
type File {
  id: ID!  name: String!  url(upload: Boolean): String  directUrl: String  uploadUrl: String
  sizeBytes: Int64  mimetype: String  md5: String  updatedAt: DateTime
}
type SweepConnection { edges: [SweepEdge!]!  pageInfo: PageInfo! }
type SweepEdge { node: Sweep!  cursor: String }
type Sweep {
  id: ID!  name: String!  displayName: String  method: String!  state: String!  description: String
  config: String!  controller: JSONString  scheduler: JSONString
  createdAt: DateTime!  updatedAt: DateTime  heartbeatAt: DateTime
  earlyStopJobRunning: Boolean  bestLoss: Float  runCount: Int!  runCountExpected: Int
  controllerRunName: String
  project: Project!
  runs(first: Int, after: String): RunConnection
  agents: AgentConnection
  agent(agentName: String!): Agent
}
type AgentConnection { edges: [AgentEdge!]! }
type AgentEdge { node: Agent! }
type Agent {
  id: ID!  name: String!  host: String!  state: String  totalRuns: Int!  createdAt: DateTime!  heartbeatAt: DateTime
  runs(after: String, before: String, first: Int, last: Int, order: String): RunConnection
}

type Mutation {
  upsertSweep(input: UpsertSweepInput!): UpsertSweepPayload
  createAgent(input: CreateAgentInput!): CreateAgentPayload
  agentHeartbeat(input: AgentHeartbeatInput!): AgentHeartbeatPayload
  enqueueSweepRun(input: EnqueueSweepRunInput!): EnqueueSweepRunPayload
  upsertBucket(input: UpsertBucketInput!): UpsertBucketPayload
  rewindRun(input: RewindRunInput!): RewindRunPayload
  createRunFiles(input: CreateRunFilesInput!): CreateRunFilesPayload
  markRunFilesUploaded(input: MarkRunFilesUploadedInput!): SuccessPayload
  notifyScriptableRunAlert(input: NotifyScriptableRunAlertInput!): SuccessPayload
  stopRun(input: StopRunInput!): StopRunPayload
  deleteRun(input: DeleteRunInput!): DeleteRunPayload
  deleteFiles(input: DeleteFilesInput!): SuccessPayload
  updateRunState(input: UpdateRunStateInput!): SuccessPayload
  upsertModel(input: UpsertModelInput!): UpsertModelPayload
}
input UpsertSweepInput {
  id: ID  config: String  description: String  displayName: String  entityName: String  projectName: String
  controller: JSONString  launchScheduler: JSONString  templateVariableValues: JSONString
  scheduler: JSONString  state: String  priorRunsFilters: JSONString  clientMutationId: String
}
type UpsertSweepPayload { sweep: Sweep  configValidationWarnings: [String!]! }
input CreateAgentInput { host: String!  projectName: String  entityName: String  sweep: String! }
type CreateAgentPayload { agent: Agent! }
input AgentHeartbeatInput { id: ID!  metrics: JSONString  runState: JSONString }
type AgentHeartbeatPayload { agent: Agent  commands: JSONString! }
input EnqueueSweepRunInput { id: ID!  config: JSONString!  displayName: String }
type EnqueueSweepRunPayload { id: ID!  runQueueItemId: ID }
input UpsertBucketInput {
  id: String  name: String  modelName: String  entityName: String  groupName: String  jobType: String
  displayName: String  description: String  notes: String  tags: [String!]  config: JSONString
  summaryMetrics: JSONString  commit: String  host: String  debug: Boolean  jobProgram: String  jobRepo: String
  state: String  sweep: String  clientMutationId: String
}
type UpsertBucketPayload { bucket: Run  inserted: Boolean   serverSettings: ServerSettings }
input RewindRunInput { runName: String!  entityName: String  projectName: String  metricName: String!  metricValue: Float! }
type RewindRunPayload { rewoundRun: Run }
input CreateRunFilesInput { entityName: String!  projectName: String!  runName: String!  files: [String!]! }
type CreateRunFilesPayload { runID: ID!  uploadHeaders: [String!]!  files: [File!]! }
input MarkRunFilesUploadedInput { entityName: String!  projectName: String!  runName: String!  files: [String!]! }
input NotifyScriptableRunAlertInput {
  entityName: String!  projectName: String!  runName: String!  title: String!  text: String!
  severity: AlertSeverity  waitDuration: Duration
}
type SuccessPayload { success: Boolean }
input StopRunInput { id: ID!  clientMutationId: String }
type StopRunPayload { success: Boolean  clientMutationId: String }
input DeleteRunInput { id: ID!  deleteArtifacts: Boolean  clientMutationId: String }
type DeleteRunPayload { clientMutationId: String }
input DeleteFilesInput { files: [ID!]!  projectId: Int  entityName: String  projectName: String }
input UpdateRunStateInput { id: ID!  state: String! }
input UpsertModelInput {
  id: String  name: String  entityName: String  description: String  repo: String  access: String
  framework: String  isBenchmark: Boolean  linkedBenchmark: String  views: JSONString
}
type UpsertModelPayload { project: Project  model: Project  inserted: Boolean }
`;

export const schema: GraphQLSchema = withScalars(buildSchema(SDL + ARTIFACT_SDL));

/** Texts and numbers pass as they are: `JSON` is any value, `Int64` may be a number or its text. `JSONString` is text when it comes. */
function withScalars(built: GraphQLSchema): GraphQLSchema {
  const loose = ["JSONString", "JSON", "Int64", "Duration", "DateTime"];
  for (const name of loose) {
    const scalar = built.getType(name) as GraphQLScalarType;
    scalar.serialize = (value) => (value instanceof Date ? value.toISOString() : value);
    const parse = (value: unknown) =>
      name === "JSONString" && typeof value !== "string" ? JSON.stringify(value) : value;
    scalar.parseValue = parse;
    scalar.parseLiteral = (node) => parse(toPlain(node));
  }
  return built;
}

function toPlain(node: ValueNode): unknown {
  switch (node.kind) {
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.STRING:
    case Kind.BOOLEAN:
    case Kind.ENUM:
      return node.value;
    case Kind.LIST:
      return node.values.map(toPlain);
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, toPlain(value)]));
    default:
      return null;
  }
}
