/** Detects the end of an MJPEG picture: a browser reports neither its end nor, mostly, its failure. */

/** A picture unchanged for this long is requested again, in ms; a real camera always has noise. */
export const STILL = 30_000;
const COLS = 32;
const ROWS = 18;

export class Stillness {
  private last = "";
  private since = 0;

  /** Whether the picture with this `sample` at `now`, in ms, has been still for too long. */
  update(sample: string, now: number): boolean {
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
 * A coarse sample of an image; undefined for a broken one, empty while it loads. Throws a SecurityError for an
 * image of another origin.
 */
export function sampleOf(image: HTMLImageElement): string | undefined {
  if (!image.complete) return "";
  if (image.naturalWidth === 0) return undefined;
  const canvas = document.createElement("canvas");
  canvas.width = COLS;
  canvas.height = ROWS;
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.drawImage(image, 0, 0, COLS, ROWS);
  return context.getImageData(0, 0, COLS, ROWS).data.join();
}
