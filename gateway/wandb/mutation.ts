import { agentHeartbeat, createAgent } from "./agent";
import { upsertModel } from "./change-project";
import {
  deleteRun,
  enqueueSweepRun,
  notifyScriptableRunAlert,
  rewindRun,
  stopRun,
  updateRunState,
} from "./change-run";
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
}
