/** Waits for what tests begin, however many turns a thread or a body takes, and however busy the machine is. */

const pending = new Set<Promise<unknown>>();

/** Lets `idle` wait until this has settled. */
export function tracked<T>(work: Promise<T>): Promise<T> {
  pending.add(work);
  const ended = (): void => void pending.delete(work);
  work.then(ended, ended);
  return work;
}

/** Waits until nothing that is tracked is pending, and all that follows by promises alone was done. */
export async function idle(): Promise<void> {
  do {
    await Promise.allSettled(pending);
    await new Promise((ready) => setImmediate(ready));
  } while (pending.size > 0);
}

/** A response for whose body `idle` waits. */
export class Answer extends Response {
  override json(): Promise<unknown> {
    return tracked(super.json());
  }
}
