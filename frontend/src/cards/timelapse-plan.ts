/** A form for the time range of a timelapse, with its progress. */

import { css, html, type PropertyValues, type TemplateResult } from "lit";
import { fieldTime, minuteField } from "../localize/fields";
import { zoneOf } from "../localize/zone";
import { HassElement } from "./element";
import { icon } from "./icons";
import { shared } from "./styles";

const FPS = 25;
const MINUTE = 60_000;

/** Detail of `export`; times are ISO 8601 in UTC. */
export interface PlanDetail {
  start: string;
  end: string;
  fps: number;
}

/** Fires `export` (detail: PlanDetail). */
export class TimelapsePlan extends HassElement {
  static override properties = {
    dayStart: { attribute: false },
    dayEnd: { attribute: false },
    busy: { type: Boolean },
    share: { attribute: false },
  };
  declare dayStart: number;
  declare dayEnd: number;
  declare busy: boolean;
  /** Progress of the timelapse, from 0 to 1; undefined if unknown. */
  declare share: number | undefined;
  /** Fixed when the day is chosen: a running clock would overwrite the user's input. */
  private end = 0;

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("dayEnd")) return;
    // Rounded up to the minute, so that the current minute is included.
    this.end = Math.min(this.dayEnd, Math.ceil(Date.now() / MINUTE) * MINUTE);
  }

  protected override render(): TemplateResult {
    const { busy } = this;
    return html`<form @submit=${this.submitted}>
      ${this.moment("start", this.dayStart)} ${this.moment("end", this.end)}
      <label>
        ${this.t("timelapse.fps")}
        <input type="number" name="fps" min="1" max="60" value=${FPS} />
      </label>
      <button class="filled" ?disabled=${busy} aria-busy=${busy}>
        ${busy ? html`<span class="spinner"></span>` : icon("film")} <span>${this.label()}</span>
      </button>
    </form>`;
  }

  private moment(name: "start" | "end", time: number): TemplateResult {
    return html`<label class="moment">
      ${this.t(`timelapse.${name}`)}
      <input type="datetime-local" name=${name} required .value=${minuteField(time, zoneOf(this.hass))} />
    </label>`;
  }

  private label(): string {
    if (!this.busy) return this.t("timelapse.export");
    if (this.share === undefined) return this.t("timelapse.busy");
    return this.t("timelapse.progress", { percent: Math.floor(this.share * 100) });
  }

  private submitted(event: SubmitEvent): void {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const moment = (name: string): string =>
      new Date(fieldTime(String(data.get(name)), zoneOf(this.hass))!).toISOString();
    const detail: PlanDetail = {
      start: moment("start"),
      end: moment("end"),
      fps: Number(data.get("fps")) || FPS,
    };
    this.fire("export", detail);
  }

  static override styles = [
    shared,
    css`
      :host {
        height: auto;
        container-type: inline-size;
      }
      form {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 8px 12px;
        align-items: end;
        padding: 4px 16px 12px;
      }
      label {
        display: grid;
        gap: 2px;
        min-width: 0;
        font-size: 12px;
        color: var(--secondary-text-color, #727272);
      }
      input {
        width: 100%;
        min-width: 0;
        font-size: 14px;
        color: var(--primary-text-color, #212121);
      }
      /* A date with its time is wider than half of a phone. */
      @container (max-width: 430px) {
        .moment {
          grid-column: 1 / -1;
          grid-template-columns: 3em 1fr;
          align-items: center;
        }
      }
    `,
  ];
}
