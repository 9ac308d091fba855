/** Whoever comes with a cookie or a header is known at the door; the rest says who it is within 3 seconds. */
const MAX_STRANGERS = 500;
/** Everybody behind one proxy has one address. */
const MAX_STRANGERS_OF_ADDRESS = 50;

/** Sockets that have not shown who they are: each holds memory of ours, and anybody may open one. */
export class Strangers {
  readonly #byAddress = new Map<string, number>();
  #count = 0;

  /** @returns lets go of its place, once; undefined when there is none */
  admit(address: string): (() => void) | undefined {
    const near = this.#byAddress.get(address) ?? 0;
    if (this.#count >= MAX_STRANGERS || near >= MAX_STRANGERS_OF_ADDRESS) return undefined;
    this.#count++;
    this.#byAddress.set(address, near + 1);
    let here = true;
    return () => {
      if (!here) return;
      here = false;
      this.#count--;
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#byAddress.delete(address);
      else this.#byAddress.set(address, left);
    };
  }
}
