/** The timeline of a day: the items, a handle to scrub, and a preview of the nearest item. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { MediaItem } from "../ha/media";
import { nearestIndex } from "../history/store";
import { Timeline } from "../history/timeline";
import { formatTime } from "../localize/format";
import { HassElement } from "./element";
import { drawRibbon, HEIGHT } from "./ribbon-drawing";

export interface ScrubDetail {
  time: number;
  /** Index of the nearest item, -1 where there is none. */
  index: number;
  /** False while the pointer is down. */
  done: boolean;
}

/** Fires `scrub` (detail: ScrubDetail) while scrubbing. */
export class Ribbon extends HassElement {
  static override properties = {
    items: { attribute: false },
    dayStart: { attribute: false },
    dayEnd: { attribute: false },
    loadedFrom: { attribute: false },
    time: { attribute: false },
    dragging: { state: true },
  };
  declare items: readonly MediaItem[];
  declare dayStart: number;
  declare dayEnd: number;
  /** `items` are complete back to this time, in UNIX ms. */
  declare loadedFrom: number;
  /** Position of the handle, in UNIX ms; undefined if hidden. */
  declare time: number | undefined;
  /** Whether a pointer drags the handle: then the preview is shown. */
  declare private dragging: boolean;

  private timeline = new Timeline(0, 1);
  private readonly observer = new ResizeObserver(() => this.draw());
  private width = 0;
  private readonly pointers = new Map<number, number>();

  constructor() {
    super();
    this.items = [];
    this.dayStart = 0;
    this.dayEnd = 1;
    this.loadedFrom = 0;
    this.dragging = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer.disconnect();
    // A removed element gets no pointerup.
    this.pointers.clear();
    this.dragging = false;
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
      : this.t("history.ribbon_nothing");
    return html`<canvas
      role="slider"
      tabindex="0"
      aria-label=${this.t("history.ribbon")}
      aria-valuemin=${this.dayStart}
      aria-valuemax=${this.dayEnd}
      aria-valuenow=${this.time ?? this.dayEnd}
      aria-valuetext=${text}
      @pointerdown=${this.down}
      @pointermove=${this.moved}
      @pointerup=${this.up}
      @pointercancel=${this.up}
      @lostpointercapture=${this.up}
      @wheel=${this.wheel}
      @keydown=${this.pressed}
    ></canvas>
      ${item && this.dragging ? this.renderBubble(item) : nothing}`;
  }

  private renderBubble(item: MediaItem): TemplateResult {
    const share = this.timeline.x(item.time, 1);
    return html`<div class="bubble" style="--at:${share}">
      <img src=${this.hass?.hassUrl(item.thumb) ?? ""} alt="" />
      <span>${formatTime(this.hass, item.time)}</span>
    </div>`;
  }

  private indexAt(time: number): number {
    return nearestIndex(this.items, time);
  }

  private scrub(time: number, done: boolean): void {
    this.time = time;
    this.dragging = !done;
    const detail: ScrubDetail = { time, index: this.indexAt(time), done };
    this.fire("scrub", detail);
  }

  private down(event: PointerEvent): void {
    // Another button opens a menu, after which no pointerup comes.
    if (event.button !== 0) return;
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
    // Without a modifier the wheel scrolls the page, unless the timeline is zoomed and scrolls sideways.
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
      // Newest first: older is left on the timeline and later in the list.
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
    if (canvas && this.width > 0) drawRibbon(canvas, this, this.timeline);
  }

  static override styles = css`
    :host {
      display: block;
      position: relative;
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
    .bubble {
      position: absolute;
      z-index: 2;
      top: ${HEIGHT + 2}px;
      left: clamp(-8px, calc(var(--at) * 100% - 94px), calc(100% - 180px));
      width: 180px;
      padding: 4px;
      border-radius: var(--ha-border-radius-md, 8px);
      background: var(--card-background-color, #fff);
      box-shadow: 0 4px 16px rgb(0 0 0 / 35%);
      text-align: center;
      font-size: 12px;
      pointer-events: none;
    }
    .bubble img {
      display: block;
      width: 100%;
      aspect-ratio: 16 / 9;
      object-fit: cover;
      border-radius: 4px;
    }
  `;
}
