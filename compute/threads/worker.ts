import { propose } from "./propose";
import type { Request, Tasks } from "./protocol";

/** The only file that runs inside a thread. */
export default function work(request: Request): Tasks[Request["task"]]["answer"] {
  switch (request.task) {
    case "propose":
      return propose(request);
  }
}
