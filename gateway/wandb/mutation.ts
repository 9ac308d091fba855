import { agentHeartbeat, createAgent } from "./agent";
import {
  addAliases,
  commitArtifact,
  createArtifact,
  createArtifactFiles,
  createArtifactManifest,
  deleteAliases,
  deleteArtifact,
  updateArtifact,
  updateArtifactManifest,
  useArtifact,
} from "./artifact-writes";
import { upsertModel } from "./change-project";
import { deleteRun, notifyScriptableRunAlert, rewindRun, stopRun, updateRunState } from "./change-run";
import { enqueueSweepRun } from "./controller";
import { createRunFiles, deleteFiles, markRunFilesUploaded } from "./run-files";
import { upsertSweep } from "./sweep";
import { upsertBucket } from "./upsert-run";

/** The roots of what is written. */
export class Mutation {
  upsertSweep = upsertSweep;
  createAgent = createAgent;
  agentHeartbeat = agentHeartbeat;
  upsertBucket = upsertBucket;
  createRunFiles = createRunFiles;
  markRunFilesUploaded = markRunFilesUploaded;
  deleteFiles = deleteFiles;
  deleteRun = deleteRun;
  stopRun = stopRun;
  updateRunState = updateRunState;
  upsertModel = upsertModel;
  rewindRun = rewindRun;
  enqueueSweepRun = enqueueSweepRun;
  notifyScriptableRunAlert = notifyScriptableRunAlert;
  createArtifact = createArtifact;
  createArtifactManifest = createArtifactManifest;
  updateArtifactManifest = updateArtifactManifest;
  createArtifactFiles = createArtifactFiles;
  commitArtifact = commitArtifact;
  updateArtifact = updateArtifact;
  deleteArtifact = deleteArtifact;
  addAliases = addAliases;
  deleteAliases = deleteAliases;
  useArtifact = useArtifact;
}
