import type { ServerResponse } from "node:http";

/**
 * A server that is about to stop answers on, for as long as load balancers need to see that it goes, and tells each
 * client to take another connection for its next request: so nobody's request meets a closed door.
 */
export class Farewell {
  #begun = false;
  readonly #underWay = new Set<ServerResponse>();

  get begun(): boolean {
    return this.#begun;
  }

  /** Of every request, before it is answered. */
  admit(response: ServerResponse): void {
    if (this.#begun) takeLeave(response);
    else {
      this.#underWay.add(response);
      response.once("close", () => this.#underWay.delete(response));
    }
  }

  begin(): void {
    this.#begun = true;
    for (const response of this.#underWay) takeLeave(response);
    this.#underWay.clear();
  }
}

function takeLeave(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}
