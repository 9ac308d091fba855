import { importanceOf } from "../analysis/importance";
import { propose } from "./propose";
import type { Request, Tasks } from "./protocol";
import { findWinner } from "./winner";

/** The only file that runs inside a thread. */
export default function work(request: Request): Tasks[Request["task"]]["answer"] {
  switch (request.task) {
    case "propose":
      return propose(request);
    case "winner":
      return findWinner(request);
    case "importance":
      return importanceOf(request);
  }
}
