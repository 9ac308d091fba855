import { HEARTBEAT_MS, LEASE_MS } from "@/core/time";
import { type Claim, type ClaimRunsAnswer, claimRuns } from "@/engine/claim-runs";
import { type HeartbeatAnswer, heartbeat, MAX_WAIT_MS } from "@/engine/heartbeat";
import { leaveAgent } from "@/engine/leave-agent";
import { markPreempting } from "@/engine/mark-preempting";
import { registerAgent } from "@/engine/register-agent";
import { wishAgent } from "@/engine/wish-agent";
import { builder } from "../builder";
import { AttemptCommandKind } from "../enums";
import { toNumber, toSmallNumber, toSweepId } from "../ids";
import { Agent, Sweep } from "../refs";
import { mutationId, payload, verb } from "../verb";

verb("registerAgent", {
  description: "Makes an agent known to a sweep, before it claims runs.",
  input: builder.inputType("RegisterAgentInput", {
    description: "Who works for which sweep.",
    fields: (t) => ({
      sweepId: t.id({ required: true, description: "Id or path." }),
      host: t.string({ required: true, description: "The machine's name." }),
      pid: t.int({ description: "The agent's process." }),
      slots: t.int({ description: "How many runs it will hold at once; 1 when absent." }),
      version: t.string({ description: "Of the agent's program." }),
      gpus: t.stringList({
        description: 'The devices that it hands out, one word each, such as "0: NVIDIA A100 80GB".',
      }),
      cwd: t.string({ description: "The folder it was started in." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ agentId: number; sweepId: string }>(
    "RegisterAgentPayload",
    "The agent and its sweep.",
    (t) => ({
      agent: t.field({
        type: Agent,
        nullable: true,
        description: "The agent.",
        resolve: ({ answer }, _args, { loaders }) => answer && loaders.agent.load(answer.agentId),
      }),
      sweep: t.field({
        type: Sweep,
        nullable: true,
        description: "What it works for.",
        resolve: ({ answer }, _args, { loaders }) => answer && loaders.sweep.load(answer.sweepId),
      }),
      heartbeatMs: t.int({
        nullable: true,
        description: "How often to beat.",
        resolve: ({ answer }) => answer && HEARTBEAT_MS,
      }),
      leaseMs: t.int({
        nullable: true,
        description: "How long an attempt is held without a beat.",
        resolve: ({ answer }) => answer && LEASE_MS,
      }),
    }),
  ),
  run: (context, input) => registerAgent(context, { ...input, sweepId: toSweepId(input.sweepId) }),
});

const ClaimDirective = builder.enumType("ClaimDirective", {
  description:
    "RUN: work on the claims and come again. WAIT: nothing now, ask again after retryAfterMs. PAUSED: likewise, the sweep is paused. EXIT: nothing will come.",
  values: ["RUN", "WAIT", "PAUSED", "EXIT"] as const,
});

const ClaimType = builder.objectRef<Claim>("Claim").implement({
  description: "A run that the agent holds from now on.",
  fields: (t) => ({
    runId: t.exposeID("runId", { description: "The run's number as text." }),
    name: t.exposeString("name", { description: "Its name in paths." }),
    displayName: t.exposeString("displayName", { description: "Its name for people." }),
    attempt: t.exposeInt("attempt", { description: "Which try this is, from 1." }),
    params: t.exposeString("params", { description: "The parameters as JSON text, in which 1.0 is not 1." }),
    apiKey: t.exposeString("apiKey", {
      description: "Valid for this run and attempt only: for the training process.",
    }),
    resumed: t.exposeBoolean("resumed", {
      description: "An earlier attempt of the run ended before its time.",
    }),
    leaseExpiresAt: t.expose("leaseExpiresAt", {
      type: "DateTime",
      nullable: true,
      description: "Held until then unless a heartbeat comes.",
    }),
  }),
});

verb("claimRun", {
  description:
    "Takes runs to work on. Exactly once: repeated with the same clientMutationId it gives the same runs.",
  input: builder.inputType("ClaimRunInput", {
    description: "Who wants how many runs.",
    fields: (t) => ({
      sweepId: t.id({ required: true, description: "Id or path." }),
      agentId: t.id({ required: true, description: "From registerAgent." }),
      count: t.int({ description: "At most this many; 1 when absent." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<ClaimRunsAnswer>("ClaimRunPayload", "The claims, and what to do next.", (t) => ({
    claims: t.field({
      type: [ClaimType],
      description: "The runs taken.",
      resolve: ({ answer }) => [...(answer?.claims ?? [])],
    }),
    directive: t.field({
      type: ClaimDirective,
      nullable: true,
      description: "What to do.",
      resolve: ({ answer }) => answer?.directive ?? null,
    }),
    retryAfterMs: t.int({
      nullable: true,
      description: "When to ask again.",
      resolve: ({ answer }) => answer?.retryAfterMs ?? null,
    }),
    reason: t.string({
      nullable: true,
      description: "Why there is nothing, for people.",
      resolve: ({ answer }) => answer?.reason ?? null,
    }),
    quarantined: t.boolean({
      description: "EXIT, because runs on this machine failed one after another.",
      resolve: ({ answer }) => answer?.quarantined ?? false,
    }),
  })),
  run: (context, { sweepId, agentId, count = 1, clientMutationId }) =>
    claimRuns(context, {
      sweepId: toSweepId(sweepId),
      agentId: toSmallNumber("agentId", agentId),
      count,
      clientMutationId,
    }),
});

export const AttemptRefInput = builder.inputType("AttemptRefInput", {
  description: "One attempt of a run.",
  fields: (t) => ({
    runId: t.id({ required: true, description: "The run's number as text." }),
    attempt: t.int({ required: true, description: "Which try, from 1." }),
  }),
});

const StartedProcessInput = builder.inputType("StartedProcessInput", {
  description: "The process that an attempt became, for people who look for it.",
  fields: (t) => ({
    runId: t.id({ required: true, description: "The run's number as text." }),
    attempt: t.int({ required: true, description: "Which try, from 1." }),
    pid: t.int({ required: true, description: "Its process on the agent's machine." }),
    command: t.stringList({
      required: true,
      description: "The words that were started. Values of environment variables do not belong here.",
    }),
    slot: t.int({ description: "Which of the agent's slots it has, from 0, as BESOM_SLOT says." }),
    device: t.string({ description: "The devices it sees, as CUDA_VISIBLE_DEVICES says." }),
  }),
});

const AttemptCommand = builder.objectRef<HeartbeatAnswer["commands"][number]>("AttemptCommand").implement({
  description: "What the holder of an attempt shall do.",
  fields: (t) => ({
    runId: t.exposeID("runId", { description: "The run." }),
    attempt: t.exposeInt("attempt", { description: "The attempt." }),
    command: t.expose("command", { type: AttemptCommandKind, description: "What to do." }),
  }),
});
const HeartbeatDirective = builder.enumType("HeartbeatDirective", {
  description:
    "CONTINUE: all is well. DRAIN: take nothing more, and leave when the runs under way have ended. STOP: hand the runs under way back, and leave. EXIT: the sweep is over, end everything and leave.",
  values: ["CONTINUE", "DRAIN", "STOP", "EXIT"] as const,
});

verb("heartbeat", {
  description: "Extends the leases of the attempts named, and tells what to do with them.",
  input: builder.inputType("HeartbeatInput", {
    description: "Who is alive, with what at work.",
    fields: (t) => ({
      agentId: t.id({ description: "From registerAgent; absent for a writer without an agent." }),
      attempts: t.field({ type: [AttemptRefInput], required: true, description: "What it holds." }),
      started: t.field({
        type: [StartedProcessInput],
        description: "Of an agent: what it has started since the last beat that was answered.",
      }),
      waitMs: t.int({
        description: `Of an agent: leases are extended at once, and the answer waits until there is a command or a directive other than CONTINUE, at most so long; from 0 to ${MAX_WAIT_MS}.`,
      }),
      clientMutationId: mutationId(t, "Comes back as it was sent: a beat repeated is a beat."),
    }),
  }),
  payload: payload<HeartbeatAnswer>("HeartbeatPayload", "What the server wants.", (t) => ({
    commands: t.field({
      type: [AttemptCommand],
      description: "Attempts that shall end; the others go on.",
      resolve: ({ answer }) => [...(answer?.commands ?? [])],
    }),
    directive: t.field({
      type: HeartbeatDirective,
      nullable: true,
      description: "For the agent itself.",
      resolve: ({ answer }) => answer?.directive ?? null,
    }),
    leaseMs: t.int({
      nullable: true,
      description: "The leases last this long from now.",
      resolve: ({ answer }) => answer?.leaseMs ?? null,
    }),
  })),
  run: (context, { agentId, attempts, started = [], waitMs }) =>
    heartbeat(context, {
      waitMs,
      agentId: agentId === undefined ? undefined : toSmallNumber("agentId", agentId),
      attempts: attempts.map(({ runId, attempt }) => ({ runId: toNumber("runId", runId), attempt })),
      started: started.map(({ runId, ...process }) => ({ ...process, runId: toNumber("runId", runId) })),
    }),
});

verb("leaveAgent", {
  description: "The agent says goodbye: what it still holds goes back into the queue at once.",
  input: builder.inputType("LeaveAgentInput", {
    description: "Who leaves.",
    fields: (t) => ({
      agentId: t.id({ required: true, description: "From registerAgent." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ agentId: number }>("LeaveAgentPayload", "The agent that left.", (t) => ({
    agent: t.field({
      type: Agent,
      nullable: true,
      description: "The agent.",
      resolve: ({ answer }, _args, { loaders }) => answer && loaders.agent.load(answer.agentId),
    }),
  })),
  run: (context, input) =>
    leaveAgent(context, { ...input, agentId: toSmallNumber("agentId", input.agentId) }),
});

const WISHES = [
  ["drain", "Drain", "Asks one agent to take no more runs, and to leave when those under way have ended."],
  [
    "stop",
    "Stop",
    "Asks one agent to hand back the runs under way, and to leave; they go out again to others.",
  ],
] as const;

for (const [wish, Name, description] of WISHES) {
  verb(`${wish}Agent`, {
    description,
    input: builder.inputType(`${Name}AgentInput`, {
      description: "Which agent.",
      fields: (t) => ({
        agentId: t.id({ required: true, description: "Its number as text." }),
        clientMutationId: mutationId(t),
      }),
    }),
    payload: payload<{ agentId: number }>(`${Name}AgentPayload`, "The agent, which hears it soon.", (t) => ({
      agent: t.field({
        type: Agent,
        nullable: true,
        description: "The agent.",
        resolve: ({ answer }, _args, { loaders }) => answer && loaders.agent.load(answer.agentId),
      }),
    })),
    run: (context, input) =>
      wishAgent(context, { ...input, agentId: toSmallNumber("agentId", input.agentId), wish }),
  });
}

verb("markPreempting", {
  description:
    "The processes of these attempts may vanish. One that then ends otherwise than well was preempted: its run goes out again and uses up no retry.",
  input: builder.inputType("MarkPreemptingInput", {
    description: "Attempts that the caller holds.",
    fields: (t) => ({
      attempts: t.field({ type: [AttemptRefInput], required: true, description: "At most 1000." }),
      clientMutationId: mutationId(t, "Comes back as it was sent: marked twice is marked."),
    }),
  }),
  payload: payload<{ marked: number }>("MarkPreemptingPayload", "What was marked.", (t) => ({
    marked: t.int({
      nullable: true,
      description: "How many are marked by this call; those that are over or marked already don't count.",
      resolve: ({ answer }) => answer?.marked ?? null,
    }),
  })),
  run: (context, { attempts }) =>
    markPreempting(context, {
      attempts: attempts.map(({ runId, attempt }) => ({ runId: toNumber("runId", runId), attempt })),
    }),
});
