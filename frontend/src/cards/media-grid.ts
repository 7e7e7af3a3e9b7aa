/** A virtual grid of thumbnails: only visible items are in the DOM. */

import { html, nothing, type PropertyValues, type TemplateResult, css } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { MediaItem } from "../ha/media";
import { type Grid, gridFor, heightOf, stepIndex, visibleItems } from "../history/rows";
import { formatDuration, formatTime } from "../localize/format";
import { HassElement } from "./element";
import { icon } from "./icons";
import { shared } from "./styles";

const GAP = 4;

/** Fires `open` (detail: index) and `near-end` when the last rows come near. */
export class MediaGrid extends HassElement {
  static override properties = {
    items: { attribute: false },
    thumbWidth: { attribute: false },
    current: { attribute: false },
    scrollPosition: { state: true },
    box: { state: true },
  };
  declare items: readonly MediaItem[];
  declare thumbWidth: number;
  /** Index of the marked item, which can be focused. */
  declare current: number;
  declare private scrollPosition: number;
  declare private box: { width: number; height: number };
  private readonly observer = new ResizeObserver(() => {
    this.box = { width: this.clientWidth, height: this.clientHeight };
  });

  constructor() {
    super();
    this.items = [];
    this.thumbWidth = 140;
    this.current = 0;
    this.scrollPosition = 0;
    this.box = { width: 0, height: 0 };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.observer.observe(this);
    this.addEventListener("scroll", this.scrolled, { passive: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer.disconnect();
    this.removeEventListener("scroll", this.scrolled);
  }

  /** Scrolls as little as needed to show an item. */
  reveal(index: number): void {
    const { grid } = this;
    const top = Math.floor(index / grid.columns) * grid.rowHeight;
    if (top < this.scrollTop) this.scrollTop = top;
    else if (top + grid.rowHeight > this.scrollTop + this.clientHeight) {
      this.scrollTop = top + grid.rowHeight - this.clientHeight;
    }
  }

  async focusItem(index: number): Promise<void> {
    this.current = index;
    this.reveal(index);
    this.scrollPosition = this.scrollTop;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus();
  }

  private get grid(): Grid {
    return gridFor(Math.max(1, this.box.width), this.thumbWidth, GAP);
  }

  protected override willUpdate(changed: PropertyValues): void {
    const before = changed.get("items") as readonly MediaItem[] | undefined;
    if (!before || this.scrollTop === 0) return;
    // New items are inserted at the top: keep the scroll position.
    const first = before[0];
    const shift = first ? this.items.findIndex(({ id }) => id === first.id) : 0;
    if (shift > 0 && shift % this.grid.columns === 0) {
      this.scrollTop += (shift / this.grid.columns) * this.grid.rowHeight;
    }
  }

  protected override updated(): void {
    const { grid } = this;
    const rest = heightOf(grid, this.items.length) - this.scrollTop - this.clientHeight;
    if (this.box.height > 0 && rest < 3 * grid.rowHeight) {
      this.fire("near-end");
    }
  }

  protected override render(): TemplateResult {
    const { grid, items } = this;
    const { first, last } = visibleItems(grid, items.length, this.scrollPosition, this.box.height);
    const shown = items.slice(first, last).map((item, i) => ({ item, index: first + i }));
    const focusable = Math.min(Math.max(this.current, first), Math.max(first, last - 1));
    return html`<div
      class="all"
      role="list"
      aria-label=${this.t("history.grid")}
      style="height:${heightOf(grid, items.length)}px"
      @keydown=${this.pressed}
    >
      ${repeat(
        shown,
        ({ item }) => item.id,
        ({ item, index }) => this.renderItem(item, index, grid, index === focusable),
      )}
    </div>`;
  }

  private renderItem(
    item: MediaItem,
    index: number,
    grid: Grid,
    focusable: boolean,
  ): TemplateResult {
    const x = (index % grid.columns) * (grid.cellWidth + GAP);
    const y = Math.floor(index / grid.columns) * grid.rowHeight;
    const seconds = (item.end - item.time) / 1000;
    const label = this.t(`item.${item.kind}`, {
      time: formatTime(this.hass, item.time),
      duration: formatDuration(seconds),
    });
    const size = `width:${grid.cellWidth}px;height:${grid.rowHeight - GAP}px`;
    return html`<div role="listitem" style="transform:translate(${x}px,${y}px);${size}">
      <button
        data-index=${index}
        tabindex=${focusable ? 0 : -1}
        aria-label=${label}
        aria-current=${index === this.current}
        @click=${() => this.open(index)}
      >
        <img src=${this.hass?.hassUrl(item.thumb) ?? ""} alt="" loading="lazy" decoding="async" />
        <span class="when">${formatTime(this.hass, item.time)}</span>
        ${item.kind === "snapshots"
          ? nothing
          : html`<span class="kind">
              ${icon(item.kind === "recordings" ? "play" : "film")}
              ${seconds > 0 ? formatDuration(seconds) : nothing}
            </span>`}
      </button>
    </div>`;
  }

  private open(index: number): void {
    this.current = index;
    this.fire("open", index);
  }

  private pressed(event: KeyboardEvent): void {
    const index = Number((event.target as HTMLElement).dataset["index"]);
    const to = stepIndex(this.grid, this.items.length, index, event.key);
    if (to === undefined) return;
    event.preventDefault();
    void this.focusItem(to);
  }

  private readonly scrolled = (): void => {
    this.scrollPosition = this.scrollTop;
  };

  static override styles = [
    shared,
    css`
      :host {
        display: block;
        overflow-y: auto;
        overflow-anchor: none;
        overscroll-behavior: contain;
        scrollbar-width: thin;
      }
      .all {
        position: relative;
      }
      /* From the left even on right-to-left pages: the offsets are measured from there. */
      .all > div {
        position: absolute;
        left: 0;
        top: 0;
        contain: strict;
      }
      button {
        position: relative;
        display: block;
        width: 100%;
        height: 100%;
        padding: 0;
        overflow: hidden;
        border-radius: 6px;
        background: var(--soft);
      }
      button[aria-current="true"] {
        outline: 2px solid var(--primary-color, #03a9f4);
        outline-offset: -2px;
      }
      img {
        display: block;
        width: 100%;
        height: 100%;
        object-fit: cover;
      }
      .when,
      .kind {
        position: absolute;
        padding: 1px 6px;
        border-radius: 4px;
        color: #fff;
        background: rgb(0 0 0 / 55%);
        font-size: 11px;
        font-variant-numeric: tabular-nums;
      }
      .when {
        left: 4px;
        bottom: 4px;
      }
      .kind {
        right: 4px;
        top: 4px;
        display: flex;
        align-items: center;
        padding-left: 2px;
      }
      .kind .icon {
        width: 16px;
        height: 16px;
      }
    `,
  ];
}
