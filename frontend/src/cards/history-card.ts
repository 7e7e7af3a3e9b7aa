/** The history card: a day of a camera with timeline, thumbnails, viewer and timelapse export. */

import {
  html,
  nothing,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from "lit";
import { act, messageOf, type Saved } from "../ha/actions";
import { domainOf, entryIdOf, firstCamera, isAvailable, nameOf } from "../ha/entities";
import { KINDS, type Kind, listMedia, watchMedia } from "../ha/media";
import { signPath } from "../ha/sign";
import type { CardConfig, GridOptions, Hass } from "../ha/types";
import { Album } from "../history/album";
import { Place } from "../history/place";
import { formatNumber } from "../localize/format";
import { zoneOf } from "../localize/zone";
import { RetrocamCard } from "./base";
import { type Form, historyForm } from "./forms";
import { historyStyles } from "./history-card.styles";
import { iconButton } from "./icon-button";
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
const KIND_ICONS: Record<Kind, IconName> = {
  snapshots: "camera",
  recordings: "play",
  timelapses: "film",
};

export class HistoryCard extends RetrocamCard<HistoryCardConfig> {
  static override properties: PropertyDeclarations = {
    without: { state: true },
    planning: { state: true },
  };
  /** Kinds that the user has hidden for now. */
  declare private without: ReadonlySet<Kind>;
  declare private planning: boolean;
  private album = this.newAlbum();
  /** The config entry of the album. */
  private albumOf: string | undefined;
  private readonly place = new Place(() => this.album, {
    changed: () => this.requestUpdate(),
    reveal: (index) => this.grid?.reveal(index),
  });
  private live = false;
  private available = false;

  constructor() {
    super();
    this.without = new Set();
    this.planning = false;
  }

  static getConfigForm(): Form {
    return historyForm();
  }

  static getStubConfig(hass: Hass, entities: string[]): Partial<HistoryCardConfig> {
    return { entity: firstCamera(hass, entities) ?? "camera.retrocam" };
  }

  getGridOptions(): GridOptions {
    return { columns: 12, rows: 8, min_columns: 6, min_rows: 5 };
  }

  protected accepts(entityId: string): boolean {
    return domainOf(entityId) === "camera";
  }

  override setConfig(config: HistoryCardConfig): void {
    super.setConfig(config);
    this.choose();
  }

  /** The config entry of the camera; undefined if the entity is not, or not yet, a Retrocam camera. */
  private get entryId(): string | undefined {
    return this.hass && entryIdOf(this.hass, this.entityId);
  }

  protected began(): void {
    this.live = true;
    const hass = this.hass!;
    const { entryId } = this;
    if (!entryId) return;
    if (this.albumOf !== entryId) this.begin(entryId);
    this.album.start({
      list: (kind, range) => listMedia(this.hass!, entryId, kind, range),
      watch: (watcher) => watchMedia(hass, entryId, watcher),
    });
  }

  /** Retries what could not be listed while the camera or its entry was missing, as after a restart. */
  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    this.album.relocate(zoneOf(this.hass));
    const { available } = this;
    this.available = isAvailable(this.hass?.states[this.entityId]);
    if (!this.live) return;
    const back = this.available && !available;
    if (this.albumOf === this.entryId && !(back && this.album.failure)) return;
    this.album.stop();
    this.began();
  }

  protected ended(): void {
    this.live = false;
    this.album.stop();
    this.place.rest();
  }

  protected body(hass: Hass, config: HistoryCardConfig): TemplateResult {
    const name = nameOf(hass, this.entityId, config.name);
    const { items, span } = this.album;
    const { open } = this.place;
    return html`
      <retrocam-day-picker
        .hass=${hass}
        .name=${name}
        .day=${span.start}
        ?today=${this.album.isToday}
        @move=${(event: CustomEvent<number>) => this.show(() => this.album.move(event.detail))}
        @pick=${(event: CustomEvent<number>) => this.show(() => this.album.open(event.detail))}
        @reload=${() => this.show(() => this.album.reload())}
      ></retrocam-day-picker>
      <div class="ribbon">
        <retrocam-ribbon
          .hass=${hass}
          .items=${items}
          .dayStart=${span.start}
          .dayEnd=${span.end}
          .loadedFrom=${this.album.loadedFrom}
          .time=${this.place.scrubbed}
          @scrub=${this.scrub}
        ></retrocam-ribbon>
      </div>
      ${this.renderTools(hass)} ${this.planning ? this.renderPlan(hass) : nothing}
      ${this.renderMessage()}
      ${this.album.failure
        ? html`<div class="message error" role="alert">${messageOf(hass, this.album.failure)}</div>`
        : nothing}
      ${this.renderGrid(hass, config)}
      <retrocam-viewer
        .hass=${hass}
        .entityId=${this.entityId}
        .item=${items[open]}
        ?hasNewer=${open > 0}
        ?hasOlder=${open >= 0 && open < items.length - 1}
        @step=${(event: CustomEvent<number>) => this.place.step(event.detail)}
        @deleted=${(event: CustomEvent<string>) => this.album.forget(event.detail)}
        @close=${this.closeViewer}
      ></retrocam-viewer>
    `;
  }

  private renderTools(hass: Hass): TemplateResult {
    const kinds = this.offered();
    const { items, total, loading } = this.album;
    const count = formatNumber(hass, items.length);
    const countText =
      total === undefined
        ? this.t("history.count", { count })
        : this.t("history.count_some", { count, total: formatNumber(hass, total) });
    return html`<div class="row tools">
      <span role="group" aria-label=${this.t("history.filter")}>
        ${kinds.length > 1
          ? kinds.map((kind) => {
              const pressed = !this.without.has(kind);
              const label = this.t(`kind.${kind}`);
              return iconButton(KIND_ICONS[kind], label, () => this.toggle(kind), { pressed });
            })
          : nothing}
      </span>
      <span class="grow secondary count" aria-live="off"
        >${!this.mayRun || !this.entryId ? nothing : loading ? this.t("history.loading") : countText}</span
      >
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
    const { span, share } = this.album;
    return html`<retrocam-timelapse-plan
      .hass=${hass}
      .dayStart=${span.start}
      .dayEnd=${span.end}
      ?busy=${this.busy === "timelapse" || share !== undefined}
      .share=${share}
      @export=${(event: CustomEvent<PlanDetail>) => void this.exportTimelapse(event.detail)}
    ></retrocam-timelapse-plan>`;
  }

  private renderGrid(hass: Hass, config: HistoryCardConfig): TemplateResult | typeof nothing {
    const { items, loading, failure } = this.album;
    if (!this.mayRun) {
      return html`<div class="notice">${icon("camera")} ${this.t("card.history.description")}</div>`;
    }
    if (!this.entryId) return html`<div class="notice">${this.t("error.no_entity")}</div>`;
    if (items.length === 0 && !loading) {
      if (failure) return nothing;
      return html`<div class="notice">${icon("camera")} ${this.t("history.empty")}</div>`;
    }
    return html`<retrocam-grid
      .hass=${hass}
      .items=${items}
      .thumbWidth=${config.thumb_width ?? THUMB_WIDTH}
      .current=${this.place.current}
      @open=${(event: CustomEvent<number>) => this.place.enter(event.detail)}
      @near-end=${() => this.album.more()}
    ></retrocam-grid>`;
  }

  /** The kinds that the card is configured for. */
  private offered(): readonly Kind[] {
    const wanted = this.config?.kinds;
    return wanted?.length ? KINDS.filter((kind) => wanted.includes(kind)) : KINDS;
  }

  private choose(): void {
    this.album.choose(this.offered().filter((kind) => !this.without.has(kind)));
  }

  private begin(entryId: string): void {
    this.albumOf = entryId;
    this.album = this.newAlbum();
    this.album.relocate(zoneOf(this.hass));
    this.place.reset();
    this.place.close();
    this.choose();
  }

  private newAlbum(): Album {
    return new Album(KINDS, {
      changed: () => this.requestUpdate(),
      removing: (id) => this.place.leave(id),
    });
  }

  /** Shows other items, and drops the selection. */
  private show(open: () => void): void {
    this.place.reset();
    open();
  }

  private toggle(kind: Kind): void {
    const without = new Set(this.without);
    if (!without.delete(kind)) without.add(kind);
    this.without = without;
    this.show(() => this.choose());
  }

  private scrub(event: CustomEvent<ScrubDetail>): void {
    const { time, index, done } = event.detail;
    this.place.scrub(time, index, done);
  }

  private get grid(): MediaGrid | null {
    return this.renderRoot.querySelector<MediaGrid>("retrocam-grid");
  }

  private closeViewer(): void {
    this.place.close();
    void this.grid?.focusItem(this.place.current);
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
