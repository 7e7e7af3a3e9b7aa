/** The input for a URL or search words. */

import { css, html, type TemplateResult } from "lit";
import { HassElement } from "./element";
import { iconButton } from "./icon-button";
import { icon } from "./icons";
import type { BrowseItem } from "./media-browser";
import { shared } from "./styles";

/** Fires `play` (detail: a URL, an id, search words or a media id). */
export class MediaSearch extends HassElement {
  static override properties = {
    entityId: { attribute: false },
    disabled: { type: Boolean },
    browsing: { state: true },
  };
  declare entityId: string;
  declare disabled: boolean;
  declare private browsing: boolean;

  constructor() {
    super();
    this.disabled = false;
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
          ?disabled=${this.disabled}
        >
          ${icon("search")}
        </button>
        ${iconButton("folder", this.t("player.browse"), () => {
          this.browsing = true;
        })}
      </form>
      <retrocam-browser
        .hass=${this.hass}
        .entityId=${this.entityId}
        ?open=${this.browsing}
        @chosen=${(event: CustomEvent<BrowseItem>) => this.fire("play", event.detail.media_content_id)}
        @close=${() => {
          this.browsing = false;
        }}
      ></retrocam-browser>`;
  }

  private submitted(event: SubmitEvent): void {
    event.preventDefault();
    const media = String(new FormData(event.target as HTMLFormElement).get("media") ?? "").trim();
    if (media && !this.disabled) this.fire("play", media);
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
