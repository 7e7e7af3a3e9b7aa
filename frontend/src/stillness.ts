/** Notices that an MJPEG picture has ended: a browser tells neither the end of one nor, mostly, its failure. */

/** A picture that has not changed for this long is asked for anew, in ms; a real one is never so still. */
export const STILL = 30_000;
const COLS = 32;
const ROWS = 18;

export class Stillness {
  private last = "";
  private since = 0;

  /** Whether the picture whose looks are `sample` at `now`, in ms, has stood still for too long. */
  see(sample: string, now: number): boolean {
    if (sample !== this.last) {
      this.last = sample;
      this.since = now;
      return false;
    }
    if (now - this.since < STILL) return false;
    this.since = now;
    return true;
  }
}

/**
 * What an image shows, roughly; undefined for one that is broken, empty while it is on its way. Throws a
 * SecurityError for one of another origin.
 */
export function looksOf(image: HTMLImageElement): string | undefined {
  if (!image.complete) return "";
  if (image.naturalWidth === 0) return undefined;
  const canvas = document.createElement("canvas");
  canvas.width = COLS;
  canvas.height = ROWS;
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.drawImage(image, 0, 0, COLS, ROWS);
  return context.getImageData(0, 0, COLS, ROWS).data.join();
}
