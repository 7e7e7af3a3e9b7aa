/** Inflates one group of packets: a raw-deflate stream that is flushed after each message. */

export class GroupInflater {
  private readonly writer: WritableStreamDefaultWriter<BufferSource>;
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private chunk = new Uint8Array(0);
  private failure: unknown;

  constructor() {
    const stream = new DecompressionStream("deflate-raw");
    this.writer = stream.writable.getWriter();
    this.reader = stream.readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    // `take` throws the error of a damaged stream; these promises only repeat it.
    this.writer.closed.catch(() => undefined);
    this.reader.closed.catch(() => undefined);
  }

  /** Inflated bytes that were not taken yet. */
  get left(): number {
    return this.chunk.length;
  }

  /** Adds the compressed bytes of the next message. */
  push(data: Uint8Array<ArrayBuffer>): void {
    this.writer.write(data).catch((error: unknown) => {
      this.failure = error;
    });
  }

  /**
   * Returns the next `length` inflated bytes as a new array. The caller knows how many bytes the pushed messages
   * hold; more would wait for the next message. Throws the stream's error when it is damaged or ends.
   */
  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const out = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      if (this.chunk.length === 0) await this.read();
      const part = this.chunk.subarray(0, length - filled);
      out.set(part, filled);
      filled += part.length;
      this.chunk = this.chunk.subarray(part.length);
    }
    return out;
  }

  /** Ends the stream; may be called repeatedly. A pending `take` then throws. */
  close(): void {
    this.writer.abort().catch(() => undefined);
    this.reader.cancel().catch(() => undefined);
  }

  private async read(): Promise<void> {
    const { value, done } = await this.reader.read();
    if (done) throw this.failure ?? new Error("the group ended early");
    this.chunk = value as Uint8Array<ArrayBuffer>;
  }
}
