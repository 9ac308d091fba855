import { AppError } from "@/core/errors";

/**
 * The fields of one protobuf message in the order in which they stand. `next` moves on; the value is then read by what the schema says it is,
 * or not at all: fields that a newer client wrote are passed over.
 * @throws AppError BAD_INPUT for bytes that are no message
 */
export class Message {
  /** The number of the field that `next` came to. */
  field = 0;
  private at = 0;
  private wire = 0;
  /** Its bytes, or the two halves of its number. */
  private from = 0;
  private low = 0;
  private high = 0;

  constructor(private readonly bytes_: Buffer) {}

  next(): boolean {
    if (this.at >= this.bytes_.length) return false;
    this.varint();
    this.field = this.low >>> 3;
    this.wire = this.low & 7;
    if (this.wire === 0) this.varint();
    else if (this.wire === 2) {
      this.varint();
      this.skip(this.high === 0 ? this.low : Number.MAX_SAFE_INTEGER);
    } else if (this.wire === 1) this.skip(8);
    else if (this.wire === 5) this.skip(4);
    else throw malformed(`a field of wire type ${this.wire}`);
    return true;
  }

  text(): string {
    return this.bytes().toString("utf8");
  }

  message(): Message {
    return new Message(this.bytes());
  }

  bytes(): Buffer {
    if (this.wire !== 2)
      throw malformed(`field ${this.field} of wire type ${this.wire}, expected text or a message`);
    return this.bytes_.subarray(this.from, this.at);
  }

  /** int32, int64, uint32, uint64, bool and enums; beyond 2^53 the nearest number. */
  integer(): number {
    if (this.wire !== 0)
      throw malformed(`field ${this.field} of wire type ${this.wire}, expected an integer`);
    return (this.high | 0) * 2 ** 32 + this.low;
  }

  private varint(): void {
    let [low, high] = [0, 0];
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bytes_[this.at++];
      if (byte === undefined) throw malformed("a number that is cut off");
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= (bits & 0xf) << 28;
        high = bits >>> 4;
      } else high |= shift < 64 ? bits << (shift - 32) : 0;
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw malformed("a number of more than 10 bytes");
  }

  private skip(length: number): void {
    this.from = this.at;
    if (length > this.bytes_.length - this.at) throw malformed("a field that is cut off");
    this.at += length;
  }
}

const malformed = (what: string): AppError => new AppError("BAD_INPUT", `${what} stands in it`);
