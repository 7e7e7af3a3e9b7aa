/** A day of a camera: ribbon, thumbnails, viewer, timelapse. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { act, messageOf, type Saved } from "../ha/actions";
import { domainOf, entryIdOf, isRetrocam, nameOf } from "../ha/entities";
import { KINDS, type Kind, listMedia, type MediaEvent, type MediaItem, watchMedia } from "../ha/media";
import { signPath } from "../ha/sign";
import type { CardConfig, GridOptions, Hass } from "../ha/types";
import { Day, dayOf } from "../history/day";
import { localDate } from "../localize/fields";
import { formatDay, formatNumber, formatTime } from "../localize/format";
import { RetrocamCard } from "./base";
import { type Form, historyForm } from "./forms";
import { historyStyles } from "./history-card.styles";
import { icon, type IconName } from "./icons";
import type { MediaGrid } from "./media-grid";
import type { ScrubDetail } from "./ribbon";
import { shared } from "./styles";
import type { PlanDetail } from "./timelapse-plan";

export interface HistoryCardConfig extends CardConfig {
  kinds?: Kind[];
  thumb_width?: number;
}

const THUMB_WIDTH = 140;
const LINK_SECONDS = 3600;
/** After a pause this long in scrubbing, what lies there is loaded, in ms. */
const SETTLE = 150;
const KIND_ICONS: Record<Kind, IconName> = {
  snapshots: "camera",
  recordings: "play",
  timelapses: "film",
};

export class HistoryCard extends RetrocamCard<HistoryCardConfig> {
  static override properties: PropertyDeclarations = {
    day: { state: true },
    items: { state: true },
    without: { state: true },
    current: { state: true },
    opened: { state: true },
    scrubbed: { state: true },
    planning: { state: true },
    failure: { state: true },
    share: { state: true },
  };
  declare private day: Day | undefined;
  declare private items: readonly MediaItem[];
  /** Kinds that the user has switched off for now. */
  declare private without: ReadonlySet<Kind>;
  declare private current: number;
  /** Id of the item in the viewer. */
  declare private opened: string | undefined;
  declare private scrubbed: number | undefined;
  declare private planning: boolean;
  declare private failure: string | undefined;
  /** How far a timelapse is, from 0 to 1. */
  declare private share: number | undefined;
  /** The same day, asked for again, until it takes the place of `day`. */
  private coming: Day | undefined;
  /** Whether the day is the present one, and the next is to be shown when it begins. */
  private following = true;
  private scrubbing = false;
  private unwatch: (() => void) | undefined;
  private settle: number | undefined;

  constructor() {
    super();
    this.items = [];
    this.without = new Set();
    this.current = 0;
    this.planning = false;
  }

  static getConfigForm(): Form {
    return historyForm();
  }

  static getStubConfig(hass: Hass, entities: string[]): Partial<HistoryCardConfig> {
    return { entity: entities.find((id) => isRetrocam(hass, id, "camera")) ?? "camera.retrocam" };
  }

  getGridOptions(): GridOptions {
    return { columns: 12, rows: 8, min_columns: 6, min_rows: 5 };
  }

  protected accepts(entityId: string): boolean {
    return domainOf(entityId) === "camera";
  }

  protected began(): void {
    const hass = this.hass!;
    const entryId = entryIdOf(hass, this.entityId);
    if (!entryId) return;
    this.unwatch = watchMedia(hass, entryId, {
      happened: (event) => this.happened(event),
      missed: () => void this.refresh(),
      progress: (share) => {
        this.share = share;
      },
      failed: (error) => {
        this.failure = messageOf(error);
      },
    });
    const today = dayOf(Date.now()).start;
    if (!this.day || (this.following && this.day.start !== today)) this.openDay(today);
    else void this.refresh();
  }

  protected ended(): void {
    this.unwatch?.();
    this.unwatch = undefined;
    window.clearTimeout(this.settle);
    this.share = undefined;
    this.day?.close();
    this.coming?.close();
  }

  protected body(hass: Hass, config: HistoryCardConfig): TemplateResult {
    const name = nameOf(hass, this.entityId, config.name);
    const openIndex = this.items.findIndex((item) => item.id === this.opened);
    return html`
      ${this.renderHeader(hass, name)}
      <div class="ribbon">
        <retrocam-ribbon
          .hass=${hass}
          .items=${this.items}
          .dayStart=${this.day?.start ?? 0}
          .dayEnd=${this.day?.end ?? 1}
          .time=${this.scrubbed}
          @scrub=${this.scrub}
        ></retrocam-ribbon>
        ${this.renderBubble(hass)}
      </div>
      ${this.renderTools(hass)} ${this.planning ? this.renderPlan(hass) : nothing}
      ${this.renderMessage()}
      ${this.failure
        ? html`<div class="message error" role="alert">${this.failure}</div>`
        : nothing}
      ${this.renderGrid(hass, config)}
      <retrocam-viewer
        .hass=${hass}
        .entityId=${this.entityId}
        .item=${this.items[openIndex]}
        ?hasNewer=${openIndex > 0}
        ?hasOlder=${openIndex >= 0 && openIndex < this.items.length - 1}
        @step=${(event: CustomEvent<number>) => this.step(openIndex, event.detail)}
        @deleted=${(event: CustomEvent<string>) => this.forget(event.detail)}
        @close=${this.closeViewer}
      ></retrocam-viewer>
    `;
  }

  private renderHeader(hass: Hass, name: string): TemplateResult {
    const start = this.day?.start ?? Date.now();
    const isToday = start === dayOf(Date.now()).start;
    return html`<header class="row">
      <span class="grow name">${name}</span>
      ${this.iconButton("left", this.t("history.previous_day"), () => this.moveDay(-1))}
      <label class="day">
        <span aria-hidden="true">${isToday ? this.t("history.today") : formatDay(hass, start)}</span>
        <input
          type="date"
          aria-label=${this.t("history.day")}
          .value=${localDate(start)}
          @change=${this.picked}
        />
      </label>
      ${this.iconButton("right", this.t("history.next_day"), () => this.moveDay(1), isToday)}
      ${this.iconButton("reload", this.t("history.reload"), () => this.openDay(start))}
    </header>`;
  }

  private renderTools(hass: Hass): TemplateResult {
    const kinds = this.kinds();
    const count = formatNumber(hass, this.items.length);
    const total = this.day?.total ?? 0;
    const told =
      this.day && !this.day.complete && total > this.items.length
        ? this.t("history.count_some", { count, total: formatNumber(hass, total) })
        : this.t("history.count", { count });
    return html`<div class="row tools">
      <span role="group" aria-label=${this.t("history.filter")}>
        ${kinds.length > 1
          ? kinds.map((kind) => {
              const on = !this.without.has(kind);
              const label = this.t(`kind.${kind}`);
              return html`<button
                aria-pressed=${on}
                aria-label=${label}
                title=${label}
                @click=${() => this.toggle(kind)}
              >
                ${icon(KIND_ICONS[kind])}
              </button>`;
            })
          : nothing}
      </span>
      <span class="grow secondary" aria-live="off">${this.loading ? this.t("history.loading") : told}</span>
      <button
        aria-expanded=${this.planning}
        ?disabled=${this.busy !== undefined}
        @click=${() => {
          this.planning = !this.planning;
        }}
      >
        ${icon("film")} ${this.t("timelapse.button")}
      </button>
    </div>`;
  }

  private renderPlan(hass: Hass): TemplateResult {
    return html`<retrocam-timelapse-plan
      .hass=${hass}
      .dayStart=${this.day?.start ?? 0}
      .dayEnd=${this.day?.end ?? 0}
      ?busy=${this.busy === "timelapse" || this.share !== undefined}
      .share=${this.share}
      @export=${(event: CustomEvent<PlanDetail>) => void this.exportTimelapse(event.detail)}
    ></retrocam-timelapse-plan>`;
  }

  private renderBubble(hass: Hass): TemplateResult | typeof nothing {
    const item = this.items[this.current];
    if (!this.scrubbing || !item || !this.day) return nothing;
    const share = (item.time - this.day.start) / (this.day.end - this.day.start);
    return html`<div class="bubble" style="--at:${share}">
      <img src=${hass.hassUrl(item.thumb)} alt="" />
      <span>${formatTime(hass, item.time)}</span>
    </div>`;
  }

  private renderGrid(hass: Hass, config: HistoryCardConfig): TemplateResult {
    if (this.items.length === 0 && !this.loading) {
      return html`<div class="notice">${this.t("history.empty")}</div>`;
    }
    return html`<retrocam-grid
      .hass=${hass}
      .items=${this.items}
      .thumbWidth=${config.thumb_width ?? THUMB_WIDTH}
      .current=${this.current}
      @open=${(event: CustomEvent<number>) => this.openItem(event.detail)}
      @near-end=${this.more}
    ></retrocam-grid>`;
  }

  private iconButton(
    name: IconName,
    label: string,
    action: () => void,
    disabled = false,
  ): TemplateResult {
    return html`<button ?disabled=${disabled} aria-label=${label} title=${label} @click=${action}>
      ${icon(name)}
    </button>`;
  }

  private get loading(): boolean {
    return this.day === undefined || this.day.busy;
  }

  private kinds(): readonly Kind[] {
    const wanted = this.config?.kinds;
    return wanted?.length ? KINDS.filter((kind) => wanted.includes(kind)) : KINDS;
  }

  private openDay(time: number): void {
    this.day?.close();
    this.coming?.close();
    this.failure = undefined;
    this.current = 0;
    this.scrubbed = undefined;
    const day = this.newDay(time);
    if (!day) return;
    this.day = day;
    this.items = day.store.items;
    this.following = day.start === dayOf(Date.now()).start;
    this.more();
  }

  private newDay(time: number): Day | undefined {
    const entryId = entryIdOf(this.hass!, this.entityId);
    if (!entryId) return undefined;
    const { start, end } = dayOf(time);
    const kinds = this.kinds().filter((kind) => !this.without.has(kind));
    const day: Day = new Day(
      start,
      end,
      kinds,
      (kind, range) => listMedia(this.hass!, entryId, kind, range),
      () => {
        if (day !== this.day) return;
        this.items = day.store.items;
        this.requestUpdate();
      },
    );
    return day;
  }

  /** Asks for the day again, and swaps it in whole: what is looked at meanwhile stays. */
  private async refresh(): Promise<void> {
    const { day: before } = this;
    const day = before && this.newDay(before.start);
    if (!day) return;
    this.coming?.close();
    this.coming = day;
    try {
      await day.more();
    } catch (error) {
      if (day === this.coming) this.failure = messageOf(error);
      return;
    }
    if (before !== this.day || day !== this.coming) return;
    before.close();
    this.coming = undefined;
    this.failure = undefined;
    this.day = day;
    this.items = day.store.items;
  }

  private happened(event: MediaEvent): void {
    if ("deleted" in event) {
      this.forget(event.deleted);
      return;
    }
    this.coming?.happened(event);
    this.day?.happened(event);
    const isNextDay = event.saved.time >= (this.day?.end ?? Infinity);
    if (isNextDay && this.following) this.openDay(event.saved.time);
  }

  private readonly more = (): void => {
    const { day } = this;
    if (!day || day.complete || day.busy || this.failure) return;
    day.more().catch((error: unknown) => {
      if (day === this.day) this.failure = messageOf(error);
    });
  };

  private moveDay(by: number): void {
    const date = new Date(this.day?.start ?? Date.now());
    date.setDate(date.getDate() + by);
    this.openDay(date.getTime());
  }

  private picked(event: Event): void {
    const time = Date.parse(`${(event.target as HTMLInputElement).value}T00:00`);
    if (Number.isFinite(time)) this.openDay(time);
  }

  private toggle(kind: Kind): void {
    const without = new Set(this.without);
    if (!without.delete(kind)) without.add(kind);
    this.without = without;
    this.openDay(this.day?.start ?? Date.now());
  }

  private scrub(event: CustomEvent<ScrubDetail>): void {
    const { time, index, done } = event.detail;
    this.scrubbed = time;
    this.current = Math.max(0, index);
    this.scrubbing = !done;
    this.renderRoot.querySelector<MediaGrid>("retrocam-grid")?.reveal(this.current);
    window.clearTimeout(this.settle);
    this.settle = window.setTimeout(() => void this.refine(time), done ? 0 : SETTLE);
  }

  /** Loads what lies at a time, and marks it if the handle is still there. */
  private async refine(time: number): Promise<void> {
    const { day } = this;
    try {
      await day?.around(time);
    } catch (error) {
      this.failure = messageOf(error);
    }
    if (day !== this.day || this.scrubbed !== time) return;
    this.requestUpdate();
  }

  private openItem(index: number): void {
    this.current = index;
    this.opened = this.items[index]?.id;
  }

  private step(index: number, by: number): void {
    // Newest first: newer lies before.
    const to = index - by;
    if (index < 0 || !this.items[to]) return;
    this.openItem(to);
    if (to > this.items.length - 20) this.more();
  }

  /** Takes out what was deleted, here or elsewhere; the viewer goes on to its neighbour. */
  private forget(id: string): void {
    const index = this.items.findIndex((item) => item.id === id);
    const next = this.items[index + 1] ?? this.items[index - 1];
    this.coming?.happened({ deleted: id });
    this.day?.happened({ deleted: id });
    if (index < 0 || this.opened !== id) return;
    this.opened = next?.id;
    this.current = Math.max(0, Math.min(index, this.items.length - 1));
  }

  private closeViewer(): void {
    this.opened = undefined;
    void this.renderRoot.querySelector<MediaGrid>("retrocam-grid")?.focusItem(this.current);
  }

  private async exportTimelapse(plan: PlanDetail): Promise<void> {
    const hass = this.hass!;
    await this.attempt("timelapse", async () => {
      const made = await act<Saved>(hass, "export_timelapse", this.entityId, plan);
      this.planning = false;
      const text = this.t("timelapse.done");
      if (!made?.url) return { text };
      const href = hass.hassUrl(await signPath(hass, made.url, LINK_SECONDS));
      return { text, link: { href, label: this.t("timelapse.open") } };
    });
  }

  static override styles = [shared, historyStyles];
}
