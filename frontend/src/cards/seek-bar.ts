/** Where something is that plays, with a knob to go elsewhere. */

import { html, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from "lit";
import { formatDuration } from "../localize/format";

/** What a bar shows; times in s. */
export interface SeekState {
  position: number;
  duration: number;
  /** Tells one film from another. */
  media: unknown;
  label: string;
  disabled?: boolean;
}

/** Draws the bar for its host. While the knob is held it stays where it is, whatever plays on meanwhile. */
export class SeekBar implements ReactiveController {
  /** Where the knob is held, or was let go of until that place is reached. */
  private held: number | undefined;
  private media: unknown;
  private drawn = false;

  /** `seek` goes to a position, and ends when that is done or has failed. */
  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly seek: (position: number) => Promise<unknown>,
  ) {
    host.addController(this);
  }

  hostUpdate(): void {
    this.drawn = false;
  }

  /** The knob of a bar that is gone is not held: nobody tells that it was let go of. */
  hostUpdated(): void {
    if (!this.drawn) this.held = undefined;
  }

  get holds(): boolean {
    return this.held !== undefined;
  }

  render({ position, duration, media, label, disabled = false }: SeekState): TemplateResult {
    this.drawn = true;
    if (media !== this.media) this.held = undefined;
    this.media = media;
    const shown = Math.min(duration, this.held ?? position);
    return html`<span>${formatDuration(shown)}</span>
      <input
        type="range"
        class="grow"
        min="0"
        max=${duration}
        step="1"
        aria-label=${label}
        aria-valuetext=${formatDuration(shown)}
        .value=${String(shown)}
        ?disabled=${disabled}
        @input=${(event: Event) => this.hold(valueOf(event))}
        @change=${(event: Event) => this.release(valueOf(event))}
      />
      <span>${formatDuration(duration)}</span>`;
  }

  private hold(position: number | undefined): void {
    this.held = position;
    this.host.requestUpdate();
  }

  private release(position: number): void {
    this.hold(position);
    const done = (): void => {
      // Unless it was taken in hand again.
      if (this.held === position) this.hold(undefined);
    };
    this.seek(position).then(done, done);
  }
}

function valueOf(event: Event): number {
  return Number((event.target as HTMLInputElement).value);
}
