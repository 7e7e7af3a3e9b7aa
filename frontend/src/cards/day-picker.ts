/** The header of the history card: camera name and day. */

import { css, html, type TemplateResult } from "lit";
import { dateField, fieldTime } from "../localize/fields";
import { formatDay } from "../localize/format";
import { zoneOf } from "../localize/zone";
import { HassElement } from "./element";
import { iconButton } from "./icon-button";
import { shared } from "./styles";

/** Fires `move` (detail: days to go), `pick` (detail: a time of the day, UNIX ms) and `reload`. */
export class DayPicker extends HassElement {
  static override properties = {
    name: { attribute: false },
    day: { attribute: false },
    today: { type: Boolean },
  };
  declare name: string;
  /** Start of the day, in UNIX ms. */
  declare day: number;
  declare today: boolean;

  protected override render(): TemplateResult {
    return html`<header class="row">
      <span class="grow name">${this.name}</span>
      ${iconButton("left", this.t("history.previous_day"), () => this.fire("move", -1))}
      <label class="day">
        <span aria-hidden="true">${this.today ? this.t("history.today") : formatDay(this.hass, this.day)}</span>
        <input
          type="date"
          aria-label=${this.t("history.day")}
          .value=${dateField(this.day, zoneOf(this.hass))}
          @change=${this.picked}
        />
      </label>
      ${iconButton("right", this.t("history.next_day"), () => this.fire("move", 1), {
        disabled: this.today,
      })}
      ${iconButton("reload", this.t("history.reload"), () => this.fire("reload"))}
    </header>`;
  }

  private picked(event: Event): void {
    const time = fieldTime((event.target as HTMLInputElement).value, zoneOf(this.hass));
    if (time !== undefined) this.fire("pick", time);
  }

  static override styles = [
    shared,
    css`
  :host {
    height: auto;
  }
  header {
    padding: 6px 4px 0 16px;
    flex-wrap: nowrap;
  }
  :host {
    container-type: inline-size;
  }
  @container (max-width: 340px) {
    header {
      flex-wrap: wrap;
    }
    .name {
      flex-basis: 100%;
    }
    .day {
      flex: 1;
    }
  }
  .name {
    font-size: var(--ha-font-size-l, 16px);
    font-weight: 500;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .day {
    position: relative;
    min-width: 76px;
    text-align: center;
    white-space: nowrap;
    border-radius: var(--corner);
    line-height: 40px;
  }
  .day:focus-within {
    outline: 2px solid var(--primary-color, #03a9f4);
  }
  .day input {
    position: absolute;
    inset: 0;
    width: 100%;
    opacity: 0;
    cursor: pointer;
  }
  .day input::-webkit-calendar-picker-indicator {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    cursor: pointer;
  }
    `,
  ];
}
