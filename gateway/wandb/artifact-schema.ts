/** Artifacts in W&B's words, as far as its clients use them (W70). An addition to schema.ts's. */
export const ARTIFACT_SDL = /* GraphQL */ `
enum ArtifactState { PENDING COMMITTED DELETED }
enum ArtifactDigestAlgorithm { MANIFEST_MD5 MANIFEST_XXH128 }
enum ArtifactManifestType { FULL PATCH INCREMENTAL }
enum ArtifactStorageLayout { V1 V2 }
enum ArtifactCollectionState { READY DELETED }
enum CompleteMultipartAction { Complete }

extend type Query {
  artifact(id: ID!): Artifact
  artifactCollection(id: ID!): ArtifactCollection
  clientIDMapping(clientID: ID!): ClientIDMapping
}
type ClientIDMapping { serverID: ID! }
extend type Entity { xxhashDigestsEnabled: Boolean }
extend type Organization { orgEntity: Entity }
extend type Project {
  artifact(name: String!, enableTracking: Boolean): Artifact
  artifactType(name: String!): ArtifactType
  artifactTypes(after: String, first: Int): ArtifactTypeConnection
  artifactCollection(name: String!): ArtifactCollection
  artifactCollections(after: String, first: Int, filters: JSONString, order: String): ArtifactCollectionConnection
  artifactCollectionMembership(name: String!): ArtifactCollectionMembership
}
extend type Run {
  outputArtifacts(after: String, first: Int): ArtifactConnection
  inputArtifacts(after: String, first: Int): InputArtifactConnection
}
extend type File {
  displayName: String  storagePath: String  digest: String  uploadHeaders: [String!]
  uploadMultipartUrls: UploadUrls  artifact: Artifact
}
extend type FileConnection { totalCount: Int }
type UploadUrls { uploadID: String!  uploadUrlParts: [UploadUrlPart!]! }
type UploadUrlPart { partNumber: Int64!  uploadUrl: String! }

type ArtifactType {
  id: ID!  name: String!  description: String  createdAt: DateTime!
  artifact(name: String!): Artifact
  artifactCollection(name: String!): ArtifactCollection
  artifactCollections(after: String, first: Int, filters: JSONString, order: String): ArtifactCollectionConnection
}
type ArtifactTypeConnection { edges: [ArtifactTypeEdge!]!  pageInfo: PageInfo!  totalCount: Int }
type ArtifactTypeEdge { node: ArtifactType  cursor: String }

interface ArtifactCollection {
  id: ID!  name: String!  description: String  createdAt: DateTime!  updatedAt: DateTime  state: ArtifactCollectionState
  project: Project  defaultArtifactType: ArtifactType!  tags: TagConnection!
  aliases(after: String, first: Int): ArtifactAliasConnection
  artifacts(after: String, first: Int, order: String, filters: JSONString): VersionedArtifactConnection
  artifactMembership(aliasName: String!): ArtifactCollectionMembership
}
type ArtifactSequence implements ArtifactCollection {
  id: ID!  name: String!  description: String  createdAt: DateTime!  updatedAt: DateTime  state: ArtifactCollectionState
  project: Project  defaultArtifactType: ArtifactType!  tags: TagConnection!
  aliases(after: String, first: Int): ArtifactAliasConnection
  artifacts(after: String, first: Int, order: String, filters: JSONString): VersionedArtifactConnection
  artifactMembership(aliasName: String!): ArtifactCollectionMembership
  digestAlgorithm: ArtifactDigestAlgorithm
  latestArtifact: Artifact
}
type ArtifactCollectionConnection { edges: [ArtifactCollectionEdge!]!  pageInfo: PageInfo!  totalCount: Int! }
type ArtifactCollectionEdge { node: ArtifactCollection  cursor: String }
type ArtifactCollectionMembership {
  id: ID!  versionIndex: Int  createdAt: DateTime  aliases: [ArtifactAlias!]!
  artifactCollection: ArtifactCollection  artifact: Artifact
  files(names: [String!], after: String, first: Int): FileConnection
}
type ArtifactCollectionMembershipConnection { edges: [ArtifactCollectionMembershipEdge!]! }
type ArtifactCollectionMembershipEdge { node: ArtifactCollectionMembership }
type Tag { id: ID!  name: String! }
type TagConnection { edges: [TagEdge!]! }
type TagEdge { node: Tag! }
type ArtifactAlias { id: ID!  alias: String!  artifactCollection: ArtifactCollection }
type ArtifactAliasConnection { edges: [ArtifactAliasEdge!]!  pageInfo: PageInfo! }
type ArtifactAliasEdge { node: ArtifactAlias }

union ArtifactCreator = Run | User
type Artifact {
  id: ID!  artifactSequence: ArtifactSequence!  versionIndex: Int  artifactType: ArtifactType!  description: String  metadata: JSONString
  ttlDurationSeconds: Int64!  ttlIsInherited: Boolean!  tags: [Tag!]!  historyStep: Int64  state: ArtifactState!  size: Int64!  digest: String!
  digestAlgorithm: ArtifactDigestAlgorithm  commitHash: String  fileCount: Int64!  createdAt: DateTime!  updatedAt: DateTime
  aliases: [ArtifactAlias!]!
  currentManifest: ArtifactManifest
  createdBy: ArtifactCreator
  usedBy: RunConnection
  artifactMemberships: ArtifactCollectionMembershipConnection!
  files(names: [String!], after: String, first: Int): FileConnection
  filesByManifestEntries(
    storageLayout: String, manifestVersion: String, entries: [ArtifactManifestEntryInput!], storageRegion: String, after: String, first: Int
  ): FileConnection
}
input ArtifactManifestEntryInput { name: String  digest: String!  birthArtifactID: ID  storagePath: String  size: Int64 }
type ArtifactManifest { id: ID!  file: File! }
type ArtifactConnection { edges: [ArtifactEdge!]!  pageInfo: PageInfo!  totalCount: Int! }
type InputArtifactConnection { edges: [ArtifactEdge!]!  pageInfo: PageInfo!  totalCount: Int! }
type ArtifactEdge { node: Artifact  cursor: String }
type VersionedArtifactConnection { edges: [VersionedArtifactEdge!]!  pageInfo: PageInfo!  totalCount: Int! }
type VersionedArtifactEdge { node: Artifact  version: String!  cursor: String }

extend type Mutation {
  createArtifact(input: CreateArtifactInput!): CreateArtifactPayload
  createArtifactManifest(input: CreateArtifactManifestInput!): ArtifactManifestPayload
  updateArtifactManifest(input: UpdateArtifactManifestInput!): ArtifactManifestPayload
  createArtifactFiles(input: CreateArtifactFilesInput!): CreateArtifactFilesPayload
  commitArtifact(input: ArtifactInput!): ArtifactPayload
  updateArtifact(input: UpdateArtifactInput!): ArtifactPayload
  deleteArtifact(input: DeleteArtifactInput!): ArtifactPayload
  addAliases(input: AddAliasesInput!): SuccessPayload
  deleteAliases(input: DeleteAliasesInput!): SuccessPayload
  useArtifact(input: UseArtifactInput!): ArtifactPayload
}
type CreateArtifactPayload { artifact: Artifact!  clientMutationId: String }
type ArtifactPayload { artifact: Artifact!  clientMutationId: String }
type ArtifactManifestPayload { artifactManifest: ArtifactManifest!  clientMutationId: String }
type CreateArtifactFilesPayload { files: FileConnection!  clientMutationId: String }
input ArtifactAliasInput { alias: String!  artifactCollectionName: String! }
input ArtifactCollectionAliasInput { alias: String!  artifactCollectionName: String!  entityName: String!  projectName: String! }
input TagInput { tagName: String!  tagCategoryName: String  attributes: JSONString }
input CreateArtifactInput {
  entityName: String!  projectName: String!  runName: String  artifactTypeName: String!
  artifactCollectionName: String  artifactCollectionNames: [String!]
  digest: String!  digestAlgorithm: ArtifactDigestAlgorithm  description: String  labels: JSONString  aliases: [ArtifactAliasInput!]
  tags: [TagInput!]  metadata: JSONString  ttlDurationSeconds: Int64  historyStep: Int64  enableDigestDeduplication: Boolean  distributedID: String
  clientID: ID  sequenceClientID: ID  storageRegion: String  clientMutationId: String
}
input CreateArtifactManifestInput {
  name: String!  digest: String!  artifactID: ID!  baseArtifactID: ID  entityName: String!  projectName: String!  runName: String!
  type: ArtifactManifestType  clientMutationId: String
}
input UpdateArtifactManifestInput { artifactManifestID: ID!  digest: String  baseArtifactID: ID  clientMutationId: String }
input CreateArtifactFilesInput { artifactFiles: [CreateArtifactFileSpecInput!]!  storageLayout: ArtifactStorageLayout  cloudRegionID: ID  clientMutationId: String }
input CreateArtifactFileSpecInput {
  artifactID: ID!  name: String!  md5: String!  mimetype: String  artifactManifestID: ID  uploadPartsInput: [UploadPartsInput!]  storageRegion: String
}
input UploadPartsInput { partNumber: Int64!  hexMD5: String! }
input ArtifactInput { artifactID: ID!  clientMutationId: String }
input UpdateArtifactInput {
  artifactID: ID!  description: String  metadata: JSONString  ttlDurationSeconds: Int64  aliases: [ArtifactAliasInput!]
  tagsToAdd: [TagInput!]  tagsToDelete: [TagInput!]  clientMutationId: String
}
input DeleteArtifactInput { artifactID: ID!  deleteAliases: Boolean  clientMutationId: String }
input AddAliasesInput { artifactID: ID!  aliases: [ArtifactCollectionAliasInput!]!  clientMutationId: String }
input DeleteAliasesInput { artifactID: ID!  aliases: [ArtifactCollectionAliasInput!]!  clientMutationId: String }
input UseArtifactInput {
  entityName: String!  projectName: String!  runName: String!  artifactID: ID!  usedAs: String
  artifactEntityName: String  artifactProjectName: String  clientMutationId: String
}
`;
