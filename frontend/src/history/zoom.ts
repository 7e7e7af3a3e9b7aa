/** Swipe, pinch and drag of an image, as numbers. */

export interface Transform {
  scale: number;
  x: number;
  y: number;
}

interface Point {
  x: number;
  y: number;
}

const MOST = 8;
/** Scale after a double tap. */
const TAP_SCALE = 2.5;
/** Distance in pixels that makes a drag a swipe, and time in ms between the taps of a double tap. */
const SWIPE = 60;
const DOUBLE = 300;

/** Steps of the keyboard: a factor, and pixels. */
const KEY_SCALE = 1.5;
const KEY_PAN = 80;
const CENTRE = { x: 0, y: 0 };
/** Where the image goes when an arrow key moves the view over it. */
const WAYS: Record<string, Point> = {
  ArrowLeft: { x: 1, y: 0 },
  ArrowRight: { x: -1, y: 0 },
  ArrowUp: { x: 0, y: 1 },
  ArrowDown: { x: 0, y: -1 },
};

/** Direction of a swipe, reported when the finger is lifted. */
export type Outcome = "left" | "right" | "down" | undefined;

/** Positions are pixels from the centre of the image's box. */
export class PanZoom {
  transform: Transform = { scale: 1, x: 0, y: 0 };
  private readonly pointers = new Map<number, Point>();
  private start: Point | undefined;
  private lastTap: { at: number; point: Point } | undefined;

  reset(): void {
    this.transform = { scale: 1, x: 0, y: 0 };
    this.pointers.clear();
    this.start = undefined;
  }

  get zoomed(): boolean {
    return this.transform.scale > 1.01;
  }

  down(id: number, point: Point): void {
    this.pointers.set(id, point);
    this.start = this.pointers.size === 1 ? point : undefined;
  }

  /** True if the image has moved. */
  move(id: number, point: Point): boolean {
    const before = this.pointers.get(id);
    if (!before) return false;
    const other = [...this.pointers].find(([key]) => key !== id)?.[1];
    this.pointers.set(id, point);
    if (other) {
      const middle = { x: (point.x + other.x) / 2, y: (point.y + other.y) / 2 };
      const factor = distance(point, other) / Math.max(1, distance(before, other));
      this.scaleBy(factor, middle);
      this.panBy((point.x - before.x) / 2, (point.y - before.y) / 2);
      return true;
    }
    if (!this.zoomed) return false;
    this.panBy(point.x - before.x, point.y - before.y);
    return true;
  }

  /** `at` is in ms. */
  up(id: number, point: Point, at: number): Outcome {
    this.pointers.delete(id);
    const { start } = this;
    this.start = undefined;
    if (!start) return undefined;
    const dx = point.x - start.x;
    const dy = point.y - start.y;
    if (Math.hypot(dx, dy) < 10) {
      this.tap(point, at);
      return undefined;
    }
    if (this.zoomed) return undefined;
    if (Math.abs(dx) > SWIPE && Math.abs(dx) > 1.5 * Math.abs(dy)) {
      return dx < 0 ? "left" : "right";
    }
    return dy > 2 * SWIPE && dy > 1.5 * Math.abs(dx) ? "down" : undefined;
  }

  cancel(id: number): void {
    this.pointers.delete(id);
    this.start = undefined;
  }

  /** Zooms or pans by a key. True if it has one of these meanings. */
  press(key: string): boolean {
    if (key === "+" || key === "=") this.scaleBy(KEY_SCALE, CENTRE);
    else if (key === "-") this.scaleBy(1 / KEY_SCALE, CENTRE);
    else if (key === "0") this.reset();
    else {
      const way = WAYS[key];
      if (!way || !this.zoomed) return false;
      this.panBy(way.x * KEY_PAN, way.y * KEY_PAN);
    }
    return true;
  }

  /** Scales and keeps the point in place. */
  scaleBy(factor: number, point: Point): void {
    const { scale, x, y } = this.transform;
    const next = Math.min(MOST, Math.max(1, scale * factor));
    const ratio = next / scale;
    this.transform = {
      scale: next,
      x: next === 1 ? 0 : point.x - (point.x - x) * ratio,
      y: next === 1 ? 0 : point.y - (point.y - y) * ratio,
    };
  }

  private panBy(dx: number, dy: number): void {
    const { scale, x, y } = this.transform;
    if (this.zoomed) this.transform = { scale, x: x + dx, y: y + dy };
  }

  private tap(point: Point, at: number): void {
    const last = this.lastTap;
    this.lastTap = { at, point };
    if (!last || at - last.at > DOUBLE || distance(last.point, point) > 30) return;
    this.lastTap = undefined;
    if (this.zoomed) this.reset();
    else this.scaleBy(TAP_SCALE, point);
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
