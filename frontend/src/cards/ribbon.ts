/** The ribbon of a day: what was kept when, drawn on a canvas, and a handle to look through it. */

import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import type { MediaItem } from "../ha/media";
import type { Hass } from "../ha/types";
import { nearestIndex } from "../history/store";
import { Timeline } from "../history/timeline";
import { formatTime } from "../localize/format";
import { localize } from "../localize/index";

const HEIGHT = 56;
const SCALE_HEIGHT = 18;

export interface ScrubDetail {
  time: number;
  /** Index of the nearest item, -1 where there is none. */
  index: number;
  /** False while the pointer is down. */
  done: boolean;
}

/** Fires `scrub` (detail: ScrubDetail) while it is looked through. */
export class Ribbon extends LitElement {
  static override properties = {
    hass: { attribute: false },
    items: { attribute: false },
    dayStart: { attribute: false },
    dayEnd: { attribute: false },
    time: { attribute: false },
  };
  declare hass: Hass | undefined;
  declare items: readonly MediaItem[];
  declare dayStart: number;
  declare dayEnd: number;
  /** Where the handle is, in UNIX ms; undefined for nowhere. */
  declare time: number | undefined;

  private timeline = new Timeline(0, 1);
  private readonly observer = new ResizeObserver(() => this.draw());
  private width = 0;
  private readonly pointers = new Map<number, number>();

  constructor() {
    super();
    this.items = [];
    this.dayStart = 0;
    this.dayEnd = 1;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer.disconnect();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("dayStart") || changed.has("dayEnd")) {
      this.timeline = new Timeline(this.dayStart, this.dayEnd);
    }
  }

  protected override updated(): void {
    this.draw();
  }

  protected override render(): TemplateResult {
    const item = this.time === undefined ? undefined : this.items[this.indexAt(this.time)];
    const text = item
      ? formatTime(this.hass, item.time)
      : localize(this.hass, "history.ribbon_nothing");
    return html`<canvas
      role="slider"
      tabindex="0"
      aria-label=${localize(this.hass, "history.ribbon")}
      aria-valuemin=${this.dayStart}
      aria-valuemax=${this.dayEnd}
      aria-valuenow=${this.time ?? this.dayEnd}
      aria-valuetext=${text}
      @pointerdown=${this.down}
      @pointermove=${this.moved}
      @pointerup=${this.up}
      @pointercancel=${this.up}
      @wheel=${this.wheel}
      @keydown=${this.pressed}
    ></canvas>`;
  }

  private indexAt(time: number): number {
    return nearestIndex(this.items, time);
  }

  private scrub(time: number, done: boolean): void {
    this.time = time;
    const detail: ScrubDetail = { time, index: this.indexAt(time), done };
    this.dispatchEvent(new CustomEvent("scrub", { detail }));
  }

  private down(event: PointerEvent): void {
    (event.target as Element).setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event.offsetX);
    if (this.pointers.size === 1) this.scrub(this.timeline.time(event.offsetX, this.width), false);
  }

  private moved(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (before === undefined) return;
    this.pointers.set(event.pointerId, event.offsetX);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other === undefined) {
      this.scrub(this.timeline.time(event.offsetX, this.width), false);
      return;
    }
    const factor = Math.abs(event.offsetX - other) / Math.max(1, Math.abs(before - other));
    this.timeline.zoom(factor, this.timeline.time((event.offsetX + other) / 2, this.width));
    this.draw();
  }

  private up(event: PointerEvent): void {
    if (!this.pointers.delete(event.pointerId) || this.pointers.size > 0) return;
    this.scrub(this.time ?? this.dayEnd, true);
  }

  private wheel(event: WheelEvent): void {
    // Without a modifier the wheel scrolls the page, unless the ribbon is zoomed sideways.
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!sideways && !event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    if (sideways) this.timeline.pan((event.deltaX / this.width) * this.timeline.span);
    else {
      const delta = event.deltaY || event.deltaX;
      this.timeline.zoom(2 ** (-delta / 200), this.timeline.time(event.offsetX, this.width));
    }
    this.draw();
  }

  private pressed(event: KeyboardEvent): void {
    const { key } = event;
    const middle = this.time ?? (this.timeline.start + this.timeline.end) / 2;
    if (key === "+" || key === "-") {
      this.timeline.zoom(key === "+" ? 2 : 0.5, middle);
      this.draw();
    } else {
      const last = this.items.length - 1;
      const from = this.indexAt(this.time ?? this.dayEnd);
      // Newest first: older lies to the left of the ribbon and further on in the list.
      const to: Record<string, number> = {
        ArrowLeft: from + 1, ArrowRight: from - 1, PageUp: from - 20, PageDown: from + 20,
        Home: last, End: 0,
      };
      const item = this.items[Math.min(last, Math.max(0, to[key] ?? -1))];
      if (to[key] === undefined || !item) return;
      this.timeline.reveal(item.time);
      this.scrub(item.time, true);
    }
    event.preventDefault();
  }

  private draw(): void {
    const canvas = this.renderRoot.querySelector("canvas");
    this.width = this.clientWidth;
    if (!canvas || this.width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(this.width * ratio);
    canvas.height = Math.round(HEIGHT * ratio);
    const context = canvas.getContext("2d")!;
    context.scale(ratio, ratio);
    const style = getComputedStyle(this);
    const token = (name: string, other: string): string =>
      style.getPropertyValue(name).trim() || other;
    this.drawScale(context, token("--secondary-text-color", "#727272"), token("--divider-color", "#ccc"));
    this.drawItems(context, token("--primary-color", "#03a9f4"), token("--error-color", "#db4437"));
    if (this.time !== undefined) {
      context.fillStyle = token("--primary-text-color", "#212121");
      context.fillRect(Math.round(this.timeline.x(this.time, this.width)) - 1, 0, 2, HEIGHT - SCALE_HEIGHT + 4);
    }
  }

  private drawScale(context: CanvasRenderingContext2D, text: string, line: string): void {
    context.font = `11px ${getComputedStyle(this).fontFamily || "sans-serif"}`;
    context.textAlign = "center";
    let free = 0;
    for (const time of this.timeline.ticks(this.width)) {
      const x = this.timeline.x(time, this.width);
      context.fillStyle = line;
      context.fillRect(Math.round(x), 0, 1, HEIGHT - SCALE_HEIGHT);
      context.fillStyle = text;
      const label = formatTime(this.hass, time, false);
      const half = context.measureText(label).width / 2;
      const middle = Math.min(this.width - half, Math.max(half, x));
      // Labels at the ends are moved inwards, and may come upon their neighbours.
      if (middle - half < free) continue;
      free = middle + half + 8;
      context.fillText(label, middle, HEIGHT - 4);
    }
  }

  private drawItems(context: CanvasRenderingContext2D, snapshot: string, clip: string): void {
    const band = HEIGHT - SCALE_HEIGHT;
    let lastX = -1;
    for (const item of this.items) {
      if (item.time < this.timeline.start) break;
      const x = Math.round(this.timeline.x(item.time, this.width));
      if (x < 0 || x > this.width) continue;
      if (item.kind === "snapshots") {
        // Thousands of them lie on the same pixels: one line each is enough.
        if (x === lastX) continue;
        lastX = x;
        context.globalAlpha = 0.7;
        context.fillStyle = snapshot;
        context.fillRect(x, band * 0.45, 1, band * 0.55);
      } else {
        context.globalAlpha = 1;
        context.fillStyle = item.kind === "recordings" ? clip : snapshot;
        const wide = this.timeline.x(item.end, this.width) - x;
        context.fillRect(x, 4, Math.max(3, wide), band * 0.35);
      }
    }
    context.globalAlpha = 1;
  }

  static override styles = css`
    :host {
      display: block;
      height: ${HEIGHT}px;
    }
    canvas {
      display: block;
      width: 100%;
      height: 100%;
      cursor: ew-resize;
      touch-action: pan-y;
      border-radius: 4px;
    }
    canvas:focus-visible {
      outline: 2px solid var(--primary-color, #03a9f4);
    }
  `;
}
