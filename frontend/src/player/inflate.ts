/** Inflates one group of packets: a raw-deflate stream that is flushed at the end of each message. */

export class GroupInflater {
  private readonly writer: WritableStreamDefaultWriter<BufferSource>;
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private chunk = new Uint8Array(0);
  private failure: unknown;

  constructor() {
    const stream = new DecompressionStream("deflate-raw");
    this.writer = stream.writable.getWriter();
    this.reader = stream.readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    // The error of a damaged stream is told by `take`; these promises only repeat it.
    this.writer.closed.catch(() => undefined);
    this.reader.closed.catch(() => undefined);
  }

  /** Bytes that are inflated already and were not taken. */
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
   * The next `length` inflated bytes, as an array of their own. The caller knows how many a pushed message
   * holds; asking for more would wait for the next. Throws what the stream throws when it is damaged or ends.
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

  /** Ends the stream; safe to call more than once. A `take` that waits then throws. */
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
