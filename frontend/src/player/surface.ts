/** A canvas that fills its box and shows frames, with WebGL2 or without. */

import { drawAtlas } from "./atlas";
import { textOf } from "./charset";
import { type Look, makeScene, type Scene } from "./picture";
import { SoftwareRenderer } from "./software";
import { type Renderer, WebGlRenderer } from "./webgl";
import type { Init } from "./wire";

/** Most pixels drawn by a GPU, and by a CPU; a larger box is filled by scaling. */
const MOST_PIXELS = 4_000_000;
const MOST_PIXELS_SLOW = 300_000;

export type Engine = "webgl" | "software";

/**
 * Smaller cells are drawn at a multiple of their size and scaled down by the browser, which is smooth; scaling
 * by slightly more or less than 1 would produce moiré with the rows of glyphs.
 */
const LEAST_CELL = 6;

/** Pixels of one cell, whole and at least 2 each way, for a box in device pixels. */
export function cellSize(
  grid: { cols: number; rows: number },
  box: { width: number; height: number },
  most: number,
): { width: number; height: number } {
  const grow = Math.max(1, Math.ceil(LEAST_CELL / Math.max(1, box.width / grid.cols)));
  const limit = Math.sqrt(most / Math.max(1, box.width * box.height));
  const fit = (pixels: number, cells: number): number =>
    Math.max(2, Math.floor((pixels * Math.min(grow, limit)) / cells + 0.5));
  return { width: fit(box.width, grid.cols), height: fit(box.height, grid.rows) };
}

export class Surface {
  private canvas: HTMLCanvasElement | undefined;
  private renderer: Renderer | undefined;
  private scene: Scene | undefined;
  private init: Init | undefined;
  private box = { width: 0, height: 0 };
  private codes: Uint8Array<ArrayBuffer> | undefined;
  private readonly observer: ResizeObserver;

  /**
   * Adds a canvas to `host`; `makeWorker` starts `software.worker.ts` if WebGL is missing, `engine` is what to try
   * first.
   */
  constructor(
    private readonly host: HTMLElement,
    private look: Look,
    private readonly makeWorker: () => Worker,
    private engine: Engine = "webgl",
  ) {
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(host);
    this.measure();
  }

  /** The engine in use, once something was drawn. */
  get drawnBy(): Engine {
    return this.engine;
  }

  begin(init: Init): void {
    this.init = init;
    this.codes = undefined;
    this.scene = undefined;
  }

  restyle(look: Look): void {
    this.look = look;
    this.redraw();
  }

  draw(codes: Uint8Array<ArrayBuffer>): void {
    this.codes = codes;
    if (!this.prepared()) return;
    this.renderer!.draw(codes);
  }

  /** The frame on screen as lines of text, empty before the first. */
  text(): string {
    const { codes, scene } = this;
    if (!codes || !scene) return "";
    const glyphs = codes.subarray(scene.glyphPlane);
    return textOf(glyphs, scene.cols, scene.rows, scene.table, scene.charset);
  }

  close(): void {
    this.observer.disconnect();
    this.renderer?.close();
    this.renderer = undefined;
    this.canvas?.remove();
  }

  private measure(): void {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const { clientWidth, clientHeight } = this.host;
    this.box = { width: clientWidth * ratio, height: clientHeight * ratio };
    this.redraw();
  }

  private redraw(): void {
    this.scene = undefined;
    if (this.codes) this.draw(this.codes);
  }

  private prepared(): boolean {
    if (this.scene) return true;
    if (!this.init || this.box.width === 0 || this.box.height === 0) return false;
    this.renderer ??= this.makeRenderer();
    const size = cellSize(this.init, this.box, this.renderer.slow ? MOST_PIXELS_SLOW : MOST_PIXELS);
    this.scene = makeScene(this.init, this.look, size, drawAtlas);
    this.renderer.prepare(this.scene);
    return true;
  }

  private makeRenderer(): Renderer {
    if (this.engine === "webgl") {
      const canvas = this.freshCanvas();
      const renderer = WebGlRenderer.create(canvas);
      if (renderer) {
        // Once lost, the context may stay lost (a driver that crashes): the worker always draws.
        canvas.addEventListener("webglcontextlost", () => this.fallBack(renderer));
        return renderer;
      }
    }
    // A canvas with a WebGL context gives no other context.
    this.engine = "software";
    return new SoftwareRenderer(this.freshCanvas(), this.makeWorker());
  }

  private fallBack(lost: Renderer): void {
    if (this.renderer !== lost) return;
    this.engine = "software";
    this.renderer = undefined;
    this.redraw();
  }

  private freshCanvas(): HTMLCanvasElement {
    this.canvas?.remove();
    this.canvas = document.createElement("canvas");
    this.host.prepend(this.canvas);
    return this.canvas;
  }
}
