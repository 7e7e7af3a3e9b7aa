/** The share page: notice, PIN, and then what is shared. */

import { html, nothing, type TemplateResult } from "lit";
import { type Info, LockedError, type ShareApi } from "./api";
import type { FullscreenView } from "./fullscreen-view";
import { PageElement } from "./element";
import { accepted } from "./notice-view";
import { t } from "./words";
import { Watch } from "./watch";

/** The current view: `loading` until the server has reported whether there is a cookie. */
type Stage = "notice" | "loading" | "pin" | "open";

const RETRY = 2000;

export class SharePage extends PageElement {
  static override properties = {
    api: { attribute: false },
    stage: { state: true },
    info: { state: true },
    away: { state: true },
  };
  declare api: ShareApi;
  declare private stage: Stage;
  declare private info: Info | undefined;
  /** The server does not answer. */
  declare private away: boolean;
  private ended = false;
  private watch: Watch | undefined;
  private timer: number | undefined;

  constructor() {
    super();
    this.stage = accepted() ? "loading" : "notice";
    this.away = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.api.onLocked = () => this.locked();
    this.watch = new Watch(
      () => this.api.info(),
      {
        setTimer: (callback, ms) => window.setTimeout(callback, ms),
        clearTimer: (id) => window.clearTimeout(id),
      },
      {
        info: (info) => {
          this.info = info;
        },
        lost: () => {
          this.away = true;
        },
        back: () => {
          this.away = false;
          this.view?.restart();
        },
      },
    );
    window.addEventListener("online", this.looked);
    document.addEventListener("visibilitychange", this.looked);
    if (this.stage === "loading") void this.enter();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.watch?.stop();
    window.clearTimeout(this.timer);
    window.removeEventListener("online", this.looked);
    document.removeEventListener("visibilitychange", this.looked);
  }

  protected override render(): TemplateResult {
    return html`<main>${this.renderStage()}</main>
      <div class="toast" role="status">
        ${this.away ? html`<p>${t("share.no_connection")}</p>` : nothing}
      </div>`;
  }

  private renderStage(): TemplateResult {
    const { api, info } = this;
    switch (this.stage) {
      case "notice":
        return html`<retrocam-share-notice @accepted=${this.noticed}></retrocam-share-notice>`;
      case "pin":
        return html`<retrocam-share-pin
          .api=${api}
          .ended=${this.ended}
          @unlocked=${this.enter}
        ></retrocam-share-pin>`;
      case "open":
        return info!.kind === "player"
          ? html`<retrocam-share-player
              .api=${api}
              .info=${info}
              @look=${this.looked}
              @leave=${this.leave}
            ></retrocam-share-player>`
          : html`<retrocam-share-camera
              .api=${api}
              .info=${info}
              @look=${this.looked}
              @leave=${this.leave}
            ></retrocam-share-camera>`;
      default:
        return html`<p class="loading" role="status">${t("share.loading")}</p>`;
    }
  }

  private get view(): FullscreenView | null {
    return this.querySelector("retrocam-share-player, retrocam-share-camera");
  }

  private noticed(): void {
    this.stage = "loading";
    void this.enter();
  }

  /** Enters if there is a cookie; else `locked` has led to the PIN. */
  private async enter(): Promise<void> {
    window.clearTimeout(this.timer);
    try {
      this.info = await this.api.info();
      document.title = this.info.title || t("share.title");
      this.away = false;
      this.stage = "open";
      this.watch?.start();
    } catch (error) {
      if (error instanceof LockedError) return;
      this.away = true;
      this.timer = window.setTimeout(() => void this.enter(), RETRY);
    }
  }

  private locked(): void {
    this.watch?.stop();
    this.ended = this.stage === "open";
    this.info = undefined;
    this.away = false;
    this.stage = "pin";
    document.title = t("share.title");
  }

  private async leave(): Promise<void> {
    this.watch?.stop();
    // The streams end here, before the server cuts them off.
    this.stage = "loading";
    await this.updateComplete;
    try {
      await this.api.lock();
    } catch {
      // The cookie is still valid: showing the pad would be wrong.
      await this.enter();
      return;
    }
    this.locked();
  }

  /** Something hints at a change: the network, the window, a stream. */
  private readonly looked = (): void => {
    if (this.stage === "open" && document.visibilityState === "visible") void this.watch?.look();
  };
}
