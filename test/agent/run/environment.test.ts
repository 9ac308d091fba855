import { expect, test } from "vitest";
import { toChildEnv } from "@/agent/run/environment";

const facts = {
  url: "http://host:3000/",
  claim: { runId: "12", name: "abcd1234", displayName: "sweep-1", attempt: 2, apiKey: "besom-run-key" },
  sweep: { id: "sweep123", project: "digits", entity: "ada" },
  paramsFile: "/tmp/x/params.json",
  wandbParamsFile: "/tmp/x/wandb.yaml",
  mark: { name: "BESOM_AGENT_MARK", value: "m" },
};

test("a child gets the contract's names, W&B's names, and the rest of the agent's environment", () => {
  expect(toChildEnv({ PATH: "/bin", HOME: "/home/ada", EMPTY: undefined }, facts)).toEqual({
    PATH: "/bin",
    HOME: "/home/ada",
    PYTHONUNBUFFERED: "1",
    BESOM_AGENT_MARK: "m",
    BESOM_REPORT: "stdout",
    BESOM_URL: "http://host:3000/",
    BESOM_API_KEY: "besom-run-key",
    BESOM_RUN_ID: "12",
    BESOM_RUN_NAME: "abcd1234",
    BESOM_SWEEP_ID: "sweep123",
    BESOM_PROJECT: "digits",
    BESOM_ENTITY: "ada",
    BESOM_ATTEMPT: "2",
    BESOM_PARAMS_FILE: "/tmp/x/params.json",
    WANDB_RUN_ID: "abcd1234",
    WANDB_NAME: "sweep-1",
    WANDB_SWEEP_ID: "sweep123",
    WANDB_SWEEP_PARAM_PATH: "/tmp/x/wandb.yaml",
    WANDB_PROJECT: "digits",
    WANDB_ENTITY: "ada",
    WANDB_BASE_URL: "http://host:3000/wandb",
    WANDB_API_KEY: "besom-run-key",
  });
});

test("a run on a device of its own knows its slot, its device, the sweep's metric, and where to save", () => {
  const slot = { index: 3, device: "1" };
  const more = { ...facts, metric: "loss", checkpointDir: "/c/sweep123/abcd1234", slot };
  expect(toChildEnv({ CUDA_VISIBLE_DEVICES: "0,1" }, more)).toMatchObject({
    BESOM_METRIC: "loss",
    BESOM_CHECKPOINT_DIR: "/c/sweep123/abcd1234",
    BESOM_SLOT: "3",
    CUDA_VISIBLE_DEVICES: "1",
    CUDA_DEVICE_ORDER: "PCI_BUS_ID",
  });
  const own = { CUDA_VISIBLE_DEVICES: "0,1", CUDA_DEVICE_ORDER: "FASTEST_FIRST" };
  expect(toChildEnv(own, { ...facts, slot: { index: 0, device: undefined } })).toMatchObject(own);
});

test("the user's own keys never reach a child, nor the way into the database, nor what would lead wandb elsewhere", () => {
  const secret = "user-secret";
  const names = [
    "BESOM_API_KEY",
    "WANDB_API_KEY",
    "WANDB_IDENTITY_TOKEN_FILE",
    "WANDB_SERVICE",
    "WANDB_BASE_URL",
    "WANDB_APP_URL",
    "DATABASE_URL",
    "DATABASE_DIRECT_URL",
    "PGHOST",
    "PGPASSWORD",
    "BESOM_DATA_DIR",
    "BESOM_RELAYED",
    "BESOM_WHATEVER",
  ];
  const env = toChildEnv(Object.fromEntries(names.map((name) => [name, secret])), facts);
  expect(Object.values(env)).not.toContain(secret);
  expect(toChildEnv({ PAGER: "less" }, facts).PAGER).toBe("less");
});

test("the user may ask Python to hold its output back", () => {
  expect(toChildEnv({ PYTHONUNBUFFERED: "" }, facts).PYTHONUNBUFFERED).toBe("");
});
