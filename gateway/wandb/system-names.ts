/** What of a machine is measured has a name with W&B (behind `system.`) and one on our pages; where both mean the same, ours is kept (W54). */
export function toSystemName(name: string): string {
  const known = OURS[name];
  if (known !== undefined) return known;
  const gpu = /^gpu\.(\d+)\.(gpu|powerWatts|temp)$/.exec(name);
  if (gpu) return `gpu.${gpu[1]}${OF_GPU[gpu[2] ?? ""] ?? ""}`;
  return name.slice(0, 100);
}

const OURS: Readonly<Record<string, string>> = {
  cpu: "cpu.machine",
  memory_percent: "memory.machine",
  "proc.cpu.threads": "threads",
};
const OF_GPU: Readonly<Record<string, string>> = { gpu: "", powerWatts: ".power", temp: ".temperature" };

/** The way back, for W&B's clients. */
export function fromSystemName(name: string): string {
  const gpu = /^gpu\.(\d+)(|\.power|\.temperature)$/.exec(name);
  if (gpu) return `gpu.${gpu[1]}.${Object.keys(OF_GPU).find((one) => OF_GPU[one] === gpu[2])}`;
  return Object.keys(OURS).find((one) => OURS[one] === name) ?? name;
}
