/** The notice for drivers, shown first. */

import { html, type TemplateResult } from "lit";
import { PageElement } from "./element";
import { t } from "./words";

const KEY = "retrocam-not-driving";

/** Whether the notice was accepted in this browser window. */
export function accepted(): boolean {
  try {
    return sessionStorage.getItem(KEY) === "1";
  } catch {
    return false;
  }
}

function remember(): void {
  try {
    sessionStorage.setItem(KEY, "1");
  } catch {
    // Without storage the notice returns with the next page.
  }
}

/** Fires `accepted`. */
export class NoticeView extends PageElement {
  protected override firstUpdated(): void {
    this.querySelector("button")!.focus();
  }

  protected override render(): TemplateResult {
    return html`<section class="notice panel" aria-labelledby="notice-title">
      <p class="sign" aria-hidden="true">!</p>
      <h1 id="notice-title">${t("share.notice_title")}</h1>
      <p id="notice-text">${t("share.notice_text")}</p>
      <button type="button" class="go" aria-describedby="notice-text" @click=${this.accept}>
        ${t("share.notice_accept")}
      </button>
    </section>`;
  }

  private accept(): void {
    remember();
    this.fire("accepted");
  }
}
