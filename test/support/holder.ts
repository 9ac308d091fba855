import { Janitor } from "@/agent/run/janitor";
import { startChild } from "@/agent/run/supervise";

/** Stands in for an agent that is going to be killed: one program, its child, and a daemon with a session of its own. */
const PROGRAM = `
const { spawn } = require("node:child_process");
const idle = 'setInterval(() => {}, 1000)';
console.log("child " + process.pid);
console.log("inner " + spawn(process.execPath, ["-e", idle]).pid);
console.log("daemon " + spawn(process.execPath, ["-e", idle], { detached: true, stdio: "ignore" }).pid);
setInterval(() => {}, 1000);
`;

const janitor = new Janitor((message) => console.error(message));
console.log(`folder ${janitor.folder}`);
await startChild({
  argv: [process.execPath, "-e", PROGRAM],
  cwd: process.cwd(),
  env: { PATH: process.env.PATH ?? "", [janitor.mark.name]: janitor.mark.value },
  janitor,
  onOutput: (_stream, text) => process.stdout.write(text),
});
