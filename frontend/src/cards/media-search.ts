/** Where something to play is named or looked for. */

import { css, html, LitElement, type TemplateResult } from "lit";
import type { Hass } from "../ha/types";
import { localize, type TextKey } from "../localize/index";
import { icon } from "./icons";
import type { BrowseItem } from "./media-browser";
import { shared } from "./styles";

/** Fires `play` (detail: an address, an id, search words or the id of something in the media browser). */
export class MediaSearch extends LitElement {
  static override properties = {
    hass: { attribute: false },
    entityId: { attribute: false },
    busy: { type: Boolean },
    browsing: { state: true },
  };
  declare hass: Hass | undefined;
  declare entityId: string;
  declare busy: boolean;
  declare private browsing: boolean;

  constructor() {
    super();
    this.busy = false;
    this.browsing = false;
  }

  protected override render(): TemplateResult {
    return html`<form class="row" role="search" @submit=${this.submitted}>
        <input
          type="search"
          name="media"
          class="grow"
          enterkeyhint="go"
          autocomplete="off"
          aria-label=${this.t("player.search")}
          placeholder=${this.t("player.search")}
        />
        <button
          aria-label=${this.t("player.search_button")}
          title=${this.t("player.search_button")}
          ?disabled=${this.busy}
        >
          ${icon("search")}
        </button>
        <button
          type="button"
          aria-label=${this.t("player.browse")}
          title=${this.t("player.browse")}
          @click=${() => {
            this.browsing = true;
          }}
        >
          ${icon("folder")}
        </button>
      </form>
      <retrocam-browser
        .hass=${this.hass}
        .entityId=${this.entityId}
        ?open=${this.browsing}
        @chosen=${(event: CustomEvent<BrowseItem>) => this.tell(event.detail.media_content_id)}
        @close=${() => {
          this.browsing = false;
        }}
      ></retrocam-browser>`;
  }

  private submitted(event: SubmitEvent): void {
    event.preventDefault();
    const media = String(new FormData(event.target as HTMLFormElement).get("media") ?? "").trim();
    if (media && !this.busy) this.tell(media);
  }

  private tell(media: string): void {
    this.dispatchEvent(new CustomEvent("play", { detail: media }));
  }

  private t(key: TextKey): string {
    return localize(this.hass, key);
  }

  static override styles = [
    shared,
    css`
      :host {
        height: auto;
      }
      form {
        padding: 8px 8px 8px 12px;
        flex-wrap: nowrap;
      }
    `,
  ];
}
