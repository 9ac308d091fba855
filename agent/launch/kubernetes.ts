import { CLONE, type Plan, toAgentWords, toInstall } from "./plan";

export interface KubernetesOptions {
  /** Has the sweep's program in its working folder, and Node or Python. */
  image: string;
  namespace?: string | undefined;
  /** The name of the Secret whose `api-key` is the key. */
  secret: string;
  /** Of each agent. */
  cpus?: string | undefined;
  mem?: string | undefined;
  gpus?: string | undefined;
  /** Between SIGTERM and SIGKILL: runs are stopped and handed back in it. */
  graceSeconds: number;
}

/** An agent that ends otherwise than well is started again so often; one whose pod was evicted doesn't count. */
const RESTARTS_AN_AGENT = 3;

/** A Job of which each index is one agent. */
export function toKubernetesJob(plan: Plan, options: KubernetesOptions): Record<string, unknown> {
  const { sweepId, agents, url } = plan;
  const labels = { "app.kubernetes.io/name": "besom-agent", "besom/sweep": sweepId };
  const resources = toResources(options);
  const container = {
    name: "agent",
    image: options.image,
    command: toCommand(plan),
    env: [
      { name: "BESOM_URL", value: url },
      { name: "BESOM_API_KEY", valueFrom: { secretKeyRef: { name: options.secret, key: "api-key" } } },
    ],
    ...(resources && { resources: { requests: resources, limits: resources } }),
  };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: `besom-${sweepId}`,
      ...(options.namespace !== undefined && { namespace: options.namespace }),
      labels,
    },
    spec: {
      completionMode: "Indexed",
      completions: agents,
      parallelism: agents,
      backoffLimit: agents * RESTARTS_AN_AGENT,
      podFailurePolicy: {
        rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
      },
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: "Never",
          // The pod's own first process buries what trainings leave behind; an agent in its place would not.
          shareProcessNamespace: true,
          terminationGracePeriodSeconds: options.graceSeconds,
          containers: [container],
        },
      },
    },
  };
}

function toResources({ cpus, mem, gpus }: KubernetesOptions): Record<string, string> | undefined {
  const found = {
    ...(cpus !== undefined && { cpu: cpus }),
    // Kubernetes' own G is a thousand times a thousand times a thousand.
    ...(mem !== undefined && {
      memory: /[KMGT]$/.test(mem) ? `${mem}i` : mem.replace(/^(\d+[KMGT])i?B$/, "$1i"),
    }),
    ...(gpus !== undefined && { "nvidia.com/gpu": gpus }),
  };
  return Object.keys(found).length > 0 ? found : undefined;
}

/** The agent is the pod's first process, or takes its place: SIGTERM comes to it. */
function toCommand(plan: Plan): string[] {
  const words = toAgentWords(plan);
  const install = toInstall(plan);
  if (!install) return [...CLONE, ...words];
  const steps = [
    "set -eu",
    "client=$(mktemp -d)",
    ...install.lines,
    `exec ${install.program} ${words.join(" ")}`,
  ];
  return ["/bin/sh", "-c", steps.join("\n")];
}
