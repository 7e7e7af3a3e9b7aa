/** A list to browse Home Assistant's media. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { messageOf } from "../ha/actions";
import { signPath } from "../ha/sign";
import { HassElement } from "./element";
import { iconButton } from "./icon-button";
import { icon } from "./icons";
import { Modal } from "./modal";
import { shared } from "./styles";

export interface BrowseItem {
  title: string;
  media_content_id: string;
  media_content_type: string;
  can_play: boolean;
  can_expand: boolean;
  thumbnail?: string | null;
  children?: BrowseItem[];
}

/** Fires `chosen` (detail: BrowseItem) and `close`. */
export class MediaBrowser extends HassElement {
  static override properties = {
    entityId: { attribute: false },
    open: { type: Boolean },
    path: { state: true },
    failure: { state: true },
    loading: { state: true },
    pictures: { state: true },
  };
  declare entityId: string;
  declare open: boolean;
  /** The open folder and its parents, from the root. */
  declare private path: BrowseItem[];
  declare private failure: string | undefined;
  declare private loading: boolean;
  /** Signed thumbnail URLs, by media id. */
  declare private pictures: ReadonlyMap<string, string>;
  private turn = 0;
  /** The first item gets the focus once it is there: the keyboard goes on where it was. */
  private refocus = false;
  private readonly modal = new Modal(this, () => this.open);

  constructor() {
    super();
    this.open = false;
    this.path = [];
    this.loading = false;
    this.pictures = new Map();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("open") || !this.open) return;
    this.path = [];
    void this.enter(undefined);
  }

  protected override render(): TemplateResult {
    const here = this.path[this.path.length - 1];
    const title = here?.title ?? this.t("player.browse");
    return html`<dialog
      aria-label=${this.t("player.browse")}
      @close=${() => this.fire("close")}
    >
      <header class="row">
        ${this.path.length > 1
          ? iconButton("left", this.t("browse.up"), () => {
              this.path = this.path.slice(0, -1);
              this.refocus = this.path.length === 1;
            })
          : nothing}
        <h2 class="grow">${title}</h2>
        ${iconButton("close", this.t("browse.close"), () => this.modal.close())}
      </header>
      ${this.renderList(here)}
    </dialog>`;
  }

  private renderList(here: BrowseItem | undefined): TemplateResult {
    if (this.failure) return html`<div class="notice" role="alert">${this.failure}</div>`;
    if (this.loading) return html`<div class="notice">${this.t("browse.loading")}</div>`;
    if (!here?.children?.length) {
      return html`<div class="notice">${this.t("browse.empty")}</div>`;
    }
    return html`<ul>
      ${here.children.map(
        (item) => html`<li>
          <button class="grow item" @click=${() => this.choose(item)}>
            ${this.renderPicture(item)}
            <span class="grow">${item.title}</span>
          </button>
          ${item.can_expand && item.can_play
            ? iconButton("play", this.t("player.play"), () => this.play(item))
            : nothing}
        </li>`,
      )}
    </ul>`;
  }

  private renderPicture(item: BrowseItem): TemplateResult {
    const picture = this.pictures.get(item.media_content_id);
    if (!picture) return icon(item.can_expand ? "folder" : "film");
    return html`<img src=${picture} alt="" loading="lazy" @error=${() => this.hide(item)} />`;
  }

  private choose(item: BrowseItem): void {
    if (item.can_expand) void this.enter(item);
    else if (item.can_play) this.play(item);
  }

  private play(item: BrowseItem): void {
    this.fire("chosen", item);
    this.modal.close();
  }

  private get focused(): Element | null {
    return (this.renderRoot as ShadowRoot).activeElement;
  }

  protected override updated(): void {
    if (!this.refocus || this.loading) return;
    this.refocus = false;
    const find = (selector: string): HTMLElement | null => this.renderRoot.querySelector(selector);
    (find("ul button") ?? find("header button"))?.focus();
  }

  private async enter(item: BrowseItem | undefined): Promise<void> {
    const turn = ++this.turn;
    // The list that has the focus is about to be replaced.
    this.refocus = this.renderRoot.querySelector("ul")?.contains(this.focused) ?? false;
    this.loading = true;
    this.failure = undefined;
    try {
      const found = await this.hass!.callWS<BrowseItem>({
        type: "media_player/browse_media",
        entity_id: this.entityId,
        ...(item && {
          media_content_id: item.media_content_id,
          media_content_type: item.media_content_type,
        }),
      });
      if (turn !== this.turn) return;
      this.path = [...this.path, found];
      void this.sign(found.children ?? [], turn);
    } catch (error) {
      if (turn === this.turn) this.failure = messageOf(this.hass, error);
    } finally {
      if (turn === this.turn) this.loading = false;
    }
  }

  /** Signs the thumbnails of playable items; folders have an icon. */
  private async sign(items: readonly BrowseItem[], turn: number): Promise<void> {
    const hass = this.hass!;
    for (const { can_play, thumbnail, media_content_id } of items) {
      if (!can_play || !thumbnail) continue;
      // If signing fails, the icon stays.
      const path = await signPath(hass, thumbnail).catch(() => undefined);
      if (turn !== this.turn) return;
      if (path) this.pictures = new Map(this.pictures).set(media_content_id, hass.hassUrl(path));
    }
  }

  private hide(item: BrowseItem): void {
    const pictures = new Map(this.pictures);
    pictures.delete(item.media_content_id);
    this.pictures = pictures;
  }

  static override styles = [
    shared,
    css`
      :host {
        display: contents;
      }
      dialog {
        width: min(560px, 100vw);
        height: min(640px, 100dvh);
        max-width: none;
        max-height: none;
        padding: 0;
        border: 0;
        border-radius: 12px;
        color: var(--primary-text-color, #212121);
        background: var(--card-background-color, #fff);
      }
      dialog::backdrop {
        background: rgb(0 0 0 / 50%);
      }
      dialog[open] {
        display: flex;
        flex-direction: column;
      }
      header {
        padding: 8px;
        border-bottom: 1px solid var(--line);
      }
      h2 {
        margin: 0 8px;
        font-size: 16px;
        font-weight: 500;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      ul {
        list-style: none;
        margin: 0;
        padding: 8px;
        overflow-y: auto;
      }
      li {
        display: flex;
      }
      .item {
        justify-content: flex-start;
        gap: 12px;
        min-height: 48px;
        text-align: start;
      }
      img {
        width: 64px;
        height: 36px;
        object-fit: cover;
        border-radius: 4px;
      }
    `,
  ];
}
