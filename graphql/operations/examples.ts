/**
 * Worked examples for people who try the API by hand, in the order of a story: the explorer shows them, and
 * test/graphql/examples.test.ts runs all of them against a real server. Words in capitals stand for ids that the reader
 * has from an earlier answer.
 */
export interface Example {
  readonly title: string;
  readonly description: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

export const EXAMPLES: readonly Example[] = [
  {
    title: "Who am I?",
    description: "Whose key or session this is, and the server that answers.",
    query: `query WhoAmI {
  viewer { name entity { name } }
  serverInfo { version url }
}`,
  },
  {
    title: "Create a sweep",
    description:
      "The text of a sweep file, YAML or JSON. Failures are data: error has a stable code, and for a bad file every line and column.",
    query: `mutation CreateSweep($input: CreateSweepInput!) {
  createSweep(input: $input) {
    sweep { id path url state size }
    warnings { message line column }
    error { code message details }
  }
}`,
    variables: {
      input: {
        project: "first-steps",
        source: `method: grid
program: train.py
metric: { name: loss, goal: minimize }
parameters:
  learning_rate: { values: [0.01, 0.1] }
  layers: { values: [1, 2] }
`,
      },
    },
  },
  {
    title: "Register as an agent",
    description: "Whoever takes runs of a sweep is an agent, a program or you by hand.",
    query: `mutation RegisterAgent($input: RegisterAgentInput!) {
  registerAgent(input: $input) {
    agent { id }
    sweep { state program command }
    heartbeatMs
    error { code message }
  }
}`,
    variables: { input: { sweepId: "SWEEP_ID", host: "by-hand" } },
  },
  {
    title: "Take a run",
    description:
      "Exactly once: the same clientMutationId gives the same run again, for 24 hours. Leases last 20 seconds; a heartbeat extends them.",
    query: `mutation ClaimRun($input: ClaimRunInput!) {
  claimRun(input: $input) {
    directive
    claims { runId attempt name params apiKey leaseExpiresAt }
    retryAfterMs
    error { code message }
  }
}`,
    variables: { input: { sweepId: "SWEEP_ID", agentId: "AGENT_ID", clientMutationId: "my-first-claim" } },
  },
  {
    title: "Stay alive",
    description: "Every 5 seconds, with all that is at work. The answer says what shall end.",
    query: `mutation Heartbeat($input: HeartbeatInput!) {
  heartbeat(input: $input) {
    directive
    leaseMs
    commands { runId attempt command }
    error { code message }
  }
}`,
    variables: { input: { agentId: "AGENT_ID", attempts: [{ runId: "RUN_ID", attempt: 1 }] } },
  },
  {
    title: "Log metrics",
    description:
      "In columns: values[i] belongs to steps[i], null means not logged. Batches count from 1 within an attempt; a repeated one is acknowledged and ignored.",
    query: `mutation LogMetrics($input: LogMetricsInput!) {
  logMetrics(input: $input) {
    repeated
    command
    lastStep
    error { code message }
  }
}`,
    variables: {
      input: {
        runId: "RUN_ID",
        batch: {
          attempt: 1,
          batch: 1,
          steps: [0, 1, 2, 3, 4],
          series: [
            { key: "loss", values: [2.5, 1.25, 0.8, "NaN", 0.5] },
            { key: "epoch", values: [0, 0.25, 0.5, 0.75, 1] },
          ],
        },
      },
    },
  },
  {
    title: "Log output",
    description: "What the program printed, in numbered batches like metrics.",
    query: `mutation LogOutput($input: LogOutputInput!) {
  logOutput(input: $input) {
    repeated
    error { code message }
  }
}`,
    variables: {
      input: {
        runId: "RUN_ID",
        attempt: 1,
        batch: 1,
        lines: [{ stream: "stdout", time: 1_767_225_600_000, text: "epoch 1: loss 0.5\n" }],
      },
    },
  },
  {
    title: "Finish a run",
    description: "The sweep's result is the best finite value of its metric that was logged.",
    query: `mutation FinishRun($input: FinishRunInput!) {
  finishRun(input: $input) {
    state
    run { objective objectiveStep }
    error { code message }
  }
}`,
    variables: { input: { runId: "RUN_ID", attempt: 1, state: "finished", exitCode: 0 } },
  },
  {
    title: "How is the sweep doing?",
    description: "Counts, the best run so far and who works on it.",
    query: `query Progress($id: ID!) {
  sweep(id: $id) {
    name
    state
    size
    counts { total running finished failed crashed }
    bestRun { name params objective objectiveStep }
    bestSoFar { ordinal runName objective }
    agents { host state runsDone currentRuns { name } }
  }
}`,
    variables: { id: "SWEEP_ID" },
  },
  {
    title: "Everything about a run",
    description: "Its parameters, each metric in numbers, all tries at it, and the end of what it printed.",
    query: `query Run($id: ID!) {
  run(id: $id) {
    name
    state
    stateReason
    params
    summary { name count last min max mean }
    attempts { number state host startedAt endedAt exitCode }
    output(last: 20) { nodes { stream text } }
  }
}`,
    variables: { id: "RUN_ID" },
  },
  {
    title: "Charts of many runs",
    description:
      "Aligned buckets, so that lines can be compared and averaged; a line with few points comes back exact. Ask only for the columns you draw.",
    query: `query Chart($sweepId: ID!, $keys: [String!]!) {
  histories(sweepId: $sweepId, keys: $keys, samples: 300) {
    width
    series {
      run { name params }
      key
      points { x values }
      buckets { start mean min max }
    }
  }
}`,
    variables: { sweepId: "SWEEP_ID", keys: ["loss"] },
  },
  {
    title: "Mean and band over runs",
    description: "All runs of a sweep as one line a metric, against the time since each run began.",
    query: `query Band($sweepId: ID!, $keys: [String!]!) {
  histories(sweepId: $sweepId, keys: $keys, x: { axis: RELATIVE_TIME }, samples: 300) {
    width
    bands { key start runs mean sd min max }
  }
}`,
    variables: { sweepId: "SWEEP_ID", keys: ["loss"] },
  },
  {
    title: "One metric against another",
    description:
      "Points of the same step are paired; those without a finite partner are counted in unpaired.",
    query: `query Against($id: ID!) {
  run(id: $id) {
    history(keys: ["loss"], x: { axis: METRIC, metric: "epoch" }) {
      series { key total unpaired points { x steps values } buckets { start mean } }
    }
  }
}`,
    variables: { id: "RUN_ID" },
  },
  {
    title: "Watch metrics arrive",
    description:
      "A subscription. Hand the last cursor back after a lost connection, to any server of the same database, and nothing is missed.",
    query: `subscription Watch($sweepId: ID!, $keys: [String!]) {
  metricsLogged(scope: { sweepId: $sweepId }, keys: $keys) {
    cursor
    reset
    series { runId attempt key steps values }
  }
}`,
    variables: { sweepId: "SWEEP_ID", keys: ["loss"] },
  },
  {
    title: "A run outside any sweep",
    description:
      "For a program that reports by itself. The key in the answer is valid for this run alone; call heartbeat, or log, at least every 5 minutes.",
    query: `mutation CreateRun($input: CreateRunInput!) {
  createRun(input: $input) {
    run { id name url }
    attempt
    apiKey
    error { code message }
  }
}`,
    variables: { input: { project: "first-steps", displayName: "tried by hand", params: '{"lr": 0.1}' } },
  },
  {
    title: "Stop a sweep",
    description:
      "It hands out nothing more, its runs end by themselves. resumeSweep goes on; cancelSweep kills.",
    query: `mutation StopSweep($input: StopSweepInput!) {
  stopSweep(input: $input) {
    sweep { state stateReason }
    error { code message }
  }
}`,
    variables: { input: { sweepId: "SWEEP_ID" } },
  },
];
