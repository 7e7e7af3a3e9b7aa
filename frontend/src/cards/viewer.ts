/** A full-page viewer for one media file: view, share, delete. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { act, messageOf } from "../ha/actions";
import type { MediaItem } from "../ha/media";
import { signAnew, signPath } from "../ha/sign";
import { type Outcome, PanZoom } from "../history/zoom";
import { formatBytes, formatDay, formatTime } from "../localize/format";
import type { TextKey } from "../localize/index";
import { copyText } from "./copying";
import { HassElement } from "./element";
import { iconButton } from "./icon-button";
import { icon, type IconName } from "./icons";
import { Modal } from "./modal";
import { shared } from "./styles";
import { viewerStyles } from "./viewer.styles";

/** Validity of a shared link: a day. */
const SHARE_SECONDS = 86_400;

/** Fires `step` (detail: 1 to newer, -1 to older), `deleted` (detail: id) and `close`. */
export class Viewer extends HassElement {
  static override properties = {
    entityId: { attribute: false },
    item: { attribute: false },
    hasNewer: { type: Boolean },
    hasOlder: { type: Boolean },
    source: { state: true },
    message: { state: true },
    asking: { state: true },
    problem: { state: true },
  };
  declare entityId: string;
  declare item: MediaItem | undefined;
  declare hasNewer: boolean;
  declare hasOlder: boolean;
  declare private source: string | undefined;
  declare private message: string | undefined;
  /** Whether the user is asked to confirm the deletion. */
  declare private asking: boolean;
  /** Why there is no picture. */
  declare private problem: TextKey | undefined;
  private readonly zoom = new PanZoom();
  private readonly modal = new Modal(this, () => this.item !== undefined);

  protected override willUpdate(changed: PropertyValues): void {
    const before = changed.get("item") as MediaItem | undefined;
    // A list that was reloaded after a lost connection has new URLs: update this one, too.
    const again = this.problem === "error.connection" && before?.url !== this.item?.url;
    if (!changed.has("item") || (before?.id === this.item?.id && !again)) return;
    this.message = undefined;
    this.asking = false;
    this.problem = undefined;
    this.zoom.reset();
    this.source = undefined;
    void this.resolve();
  }

  protected override updated(): void {
    // When the focused button is removed, the dialog loses the focus and with it all keys.
    if ((document.activeElement ?? document.body) !== document.body) return;
    this.renderRoot.querySelector<HTMLElement>(".stage")?.focus({ preventScroll: true });
  }

  protected override render(): TemplateResult {
    const { item } = this;
    return html`<dialog
      aria-label=${this.t("viewer.label")}
      @close=${this.closed}
      @keydown=${this.pressed}
    >
      ${item ? this.renderItem(item) : nothing}
    </dialog>`;
  }

  private renderItem(item: MediaItem): TemplateResult {
    const { hass } = this;
    return html`
      <header class="row">
        <span class="grow">
          ${formatDay(hass, item.time)}, ${formatTime(hass, item.time)}
          ${item.size ? html`<span class="secondary">${formatBytes(hass, item.size)}</span>` : nothing}
        </span>
        ${this.source
          ? html`<a
              class="button"
              href=${this.source}
              download=${item.name}
              aria-label=${this.t("viewer.download")}
              title=${this.t("viewer.download")}
              >${icon("download")}</a
            >`
          : nothing}
        ${iconButton("share", this.t("viewer.share"), () => this.share(item))}
        ${hass?.user?.is_admin
          ? iconButton("trash", this.t("viewer.delete"), () => {
              this.asking = true;
            })
          : nothing}
        ${iconButton("close", this.t("viewer.close"), () => this.modal.close())}
      </header>
      <div
        class="stage"
        tabindex="-1"
        @pointerdown=${this.down}
        @pointermove=${this.moved}
        @pointerup=${this.up}
        @pointercancel=${(event: PointerEvent) => this.zoom.cancel(event.pointerId)}
        @wheel=${this.wheel}
      >
        ${this.renderMedia(item)}
      </div>
      ${this.hasOlder ? this.renderStep("left", "viewer.previous", -1, "side old") : nothing}
      ${this.hasNewer ? this.renderStep("right", "viewer.next", 1, "side new") : nothing}
      <footer role="status">
        ${this.asking ? this.renderQuestion(item) : this.message ? html`<span>${this.message}</span>` : nothing}
      </footer>
    `;
  }

  private renderStep(name: IconName, key: TextKey, by: 1 | -1, extra: string): TemplateResult {
    return iconButton(name, this.t(key), () => this.step(by), { extra });
  }

  private renderMedia(item: MediaItem): TemplateResult | typeof nothing {
    if (this.problem) return html`<div class="notice">${this.t(this.problem)}</div>`;
    const failed = (): void => void this.failed();
    const { scale, x, y } = this.zoom.transform;
    const place = `transform:translate(${x}px,${y}px) scale(${scale})`;
    const poster = this.hass!.hassUrl(item.thumb);
    if (item.kind !== "snapshots") {
      if (!this.source) return html`<img src=${poster} alt="" />`;
      return html`<video
        src=${this.source}
        poster=${poster}
        controls
        playsinline
        ?autoplay=${!matchMedia("(prefers-reduced-motion: reduce)").matches}
        @error=${failed}
        @loadedmetadata=${({ target }: Event) => {
          // A browser without the codec plays the sound alone, and reports no error.
          if ((target as HTMLVideoElement).videoWidth === 0) failed();
        }}
      ></video>`;
    }
    // The thumbnail is there at once, and stays below the image until that has loaded.
    return html`
      <img src=${poster} alt="" style=${place} draggable="false" />
      ${this.source
        ? html`<img
            src=${this.source}
            alt=${this.t("item.snapshots", { time: formatTime(this.hass, item.time) })}
            style=${place}
            draggable="false"
            @error=${failed}
          />`
        : nothing}
    `;
  }

  /** Checks whether the file is gone, or this browser cannot decode it: an element reports both alike. */
  private async failed(): Promise<void> {
    const { source } = this;
    if (!source) return;
    const one = { headers: { Range: "bytes=0-0" } };
    const problem = await fetch(source, one).then(
      ({ ok, status }): TextKey =>
        ok ? "viewer.unplayable" : status < 500 ? "viewer.missing" : "error.connection",
      (): TextKey => "error.connection",
    );
    if (this.source === source) this.problem = problem;
  }

  private renderQuestion(item: MediaItem): TemplateResult {
    return html`<span>${this.t("viewer.delete_sure")}</span>
      <button class="danger" @click=${() => void this.deleteItem(item)}>
        ${icon("trash")} ${this.t("viewer.delete")}
      </button>
      <button
        @click=${() => {
          this.asking = false;
        }}
      >
        ${this.t("viewer.delete_no")}
      </button>`;
  }

  private async resolve(): Promise<void> {
    const { hass, item } = this;
    if (!hass || !item) return;
    try {
      const path = await signPath(hass, item.url, SHARE_SECONDS);
      if (this.item?.id === item.id) this.source = hass.hassUrl(path);
    } catch (error) {
      this.message = messageOf(this.hass, error);
    }
  }

  private closed(): void {
    this.fire("close");
  }

  private step(by: 1 | -1): void {
    if (by === 1 ? !this.hasNewer : !this.hasOlder) return;
    this.fire("step", by);
  }

  private pressed(event: KeyboardEvent): void {
    // Arrow keys seek in a video and choose in a question; elsewhere they turn the page, or move a zoomed picture.
    if (event.ctrlKey || event.metaKey) return;
    if ((event.target as Element).tagName === "VIDEO") return;
    if (this.item?.kind === "snapshots" && this.zoom.press(event.key)) this.requestUpdate();
    else if (event.key === "ArrowLeft") this.step(-1);
    else if (event.key === "ArrowRight") this.step(1);
    else if (event.key === "Delete" && this.hass?.user?.is_admin) this.asking = true;
    else return;
    event.preventDefault();
  }

  private async share(item: MediaItem): Promise<void> {
    const { hass } = this;
    if (!hass) return;
    try {
      const path = await signAnew(hass, item.url, SHARE_SECONDS);
      const url = new URL(hass.hassUrl(path), location.href).href;
      if (navigator.share) {
        await navigator.share({ url, title: item.name });
        return;
      }
      await copyText(url, this.renderRoot.querySelector("dialog")!);
      this.message = this.t("viewer.copied");
    } catch (error) {
      // Closing the phone's share sheet is no error.
      if (error instanceof DOMException && error.name === "AbortError") return;
      this.message = this.t("error.failed", { message: messageOf(this.hass, error) });
    }
  }

  private async deleteItem(item: MediaItem): Promise<void> {
    this.asking = false;
    try {
      await act(this.hass!, "delete_media", this.entityId, { media_content_id: [item.id] });
      this.fire("deleted", item.id);
    } catch (error) {
      this.message = this.t("error.failed", { message: messageOf(this.hass, error) });
    }
  }

  private point(event: MouseEvent): { x: number; y: number } {
    const box = this.renderRoot.querySelector(".stage")!.getBoundingClientRect();
    return {
      x: event.clientX - box.left - box.width / 2,
      y: event.clientY - box.top - box.height / 2,
    };
  }

  private down(event: PointerEvent): void {
    const point = this.point(event);
    if ((event.target as Element).tagName === "VIDEO") {
      // A video is swiped by its upper part: the browser's controls are below.
      if (event.pointerType === "mouse" || point.y > (event.target as Element).clientHeight / 4) return;
    } else (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.zoom.down(event.pointerId, point);
  }

  private moved(event: PointerEvent): void {
    if (this.zoom.move(event.pointerId, this.point(event))) this.requestUpdate();
  }

  private up(event: PointerEvent): void {
    const outcome: Outcome = this.zoom.up(event.pointerId, this.point(event), event.timeStamp);
    // Newer is on the right, as on the timeline: a swipe to the left shows it.
    if (outcome === "left") this.step(1);
    else if (outcome === "right") this.step(-1);
    else if (outcome === "down") this.modal.close();
    // Only images are zoomed.
    if (this.item?.kind !== "snapshots") this.zoom.reset();
    this.requestUpdate();
  }

  private wheel(event: WheelEvent): void {
    if (this.item?.kind !== "snapshots") return;
    event.preventDefault();
    this.zoom.scaleBy(2 ** (-event.deltaY / 300), this.point(event));
    this.requestUpdate();
  }

  static override styles = [shared, viewerStyles];
}
