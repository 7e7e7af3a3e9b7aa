/** Draws frames without WebGL: rendered in a worker, shown by putImageData. */

import type { Scene } from "./picture";
import type { Renderer } from "./webgl";

interface Drawn {
  width: number;
  height: number;
  pixels: Uint8ClampedArray<ArrayBuffer>;
}

export class SoftwareRenderer implements Renderer {
  readonly slow = true;
  private readonly context: CanvasRenderingContext2D;
  /** The worker is busy; the newest frame since then waits, older ones are dropped. */
  private busy = false;
  private waiting: Uint8Array<ArrayBuffer> | undefined;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly worker: Worker,
  ) {
    this.context = canvas.getContext("2d", { alpha: false })!;
    worker.onmessage = ({ data }: MessageEvent<Drawn>) => this.show(data);
  }

  prepare(scene: Scene): void {
    this.canvas.width = scene.cols * scene.cellWidth;
    this.canvas.height = scene.rows * scene.cellHeight;
    this.waiting = undefined;
    this.worker.postMessage({ scene });
  }

  draw(codes: Uint8Array<ArrayBuffer>): void {
    if (this.busy) {
      this.waiting = codes;
      return;
    }
    this.busy = true;
    this.worker.postMessage({ codes });
  }

  close(): void {
    this.worker.terminate();
  }

  private show({ width, height, pixels }: Drawn): void {
    if (width === this.canvas.width && height === this.canvas.height) {
      this.context.putImageData(new ImageData(pixels, width, height), 0, 0);
    }
    this.busy = false;
    const next = this.waiting;
    this.waiting = undefined;
    if (next) this.draw(next);
  }
}
