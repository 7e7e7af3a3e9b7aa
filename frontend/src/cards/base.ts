/** Base class of the cards: configuration, texts, and visibility. */

import {
  html,
  nothing,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from "lit";
import { messageOf } from "../ha/actions";
import type { CardConfig, Hass } from "../ha/types";
import { HassElement } from "./element";
import { Fullscreen } from "./fullscreen";
import { Presence } from "./presence";
import { shared } from "./styles";

/** The message below the controls: a result with a link, or an error. */
export interface Message {
  text: string;
  error?: boolean;
  link?: { href: string; label: string };
}

export abstract class RetrocamCard<Config extends CardConfig> extends HassElement {
  static override styles = [shared];
  static override properties: PropertyDeclarations = {
    preview: { type: Boolean },
    config: { state: true },
    message: { state: true },
    busy: { state: true },
  };
  /** Set by the dashboard in its card picker and editor: nothing may run then. */
  declare preview: boolean;
  declare protected config: Config | undefined;
  declare protected message: Message | undefined;
  /** Name of the running action, whose button shows that it is busy. */
  declare protected busy: string | undefined;

  protected readonly fullscreen = new Fullscreen(this);
  protected readonly presence = new Presence(
    this,
    () => this.reconsider(),
    () => this.fullscreen.on,
  );
  private running = false;

  constructor() {
    super();
    this.preview = false;
  }

  /** Called by the dashboard, which shows the error thrown in place of the card. */
  setConfig(config: Config): void {
    if (typeof config.entity !== "string" || !this.accepts(config.entity)) {
      throw new Error(this.t("error.no_entity"));
    }
    const changed = this.config !== undefined && this.config.entity !== config.entity;
    this.config = config;
    if (changed && this.running) {
      this.ended();
      this.running = false;
    }
    this.reconsider();
  }

  getCardSize(): number {
    return 7;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.message = undefined;
  }

  /** Whether an entity id may be configured, by its domain alone: states arrive later. */
  protected abstract accepts(entityId: string): boolean;
  /** The card became visible and has all it needs: start. */
  protected abstract began(): void;
  /** The card is no longer visible: stop. */
  protected abstract ended(): void;
  protected abstract body(hass: Hass, config: Config): TemplateResult;

  protected get entityId(): string {
    return this.config?.entity ?? "";
  }

  /** Runs an action with its button busy, and shows the result. */
  protected async attempt(name: string, action: () => Promise<Message | undefined>): Promise<void> {
    if (this.busy) return;
    this.busy = name;
    this.message = undefined;
    try {
      this.message = await action();
    } catch (error) {
      this.message = this.failureOf(error);
    } finally {
      this.busy = undefined;
    }
  }

  /** The message for an error. */
  protected failureOf(error: unknown): Message {
    return { text: this.t("error.failed", { message: messageOf(this.hass, error) }), error: true };
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("hass") || changed.has("preview")) this.reconsider();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { hass, config } = this;
    if (!hass || !config) return nothing;
    if (!hass.states[this.entityId]) {
      const text = this.t("error.not_found", { entity: this.entityId });
      return html`<ha-card><div class="notice" role="alert">${text}</div></ha-card>`;
    }
    return html`<ha-card>${this.body(hass, config)}</ha-card>`;
  }

  protected renderMessage(): TemplateResult {
    const { message } = this;
    return html`<div role="status" aria-live="polite">
      ${message
        ? html`<div class="message ${message.error ? "error" : ""}">
            <span>${message.text}</span>
            ${message.link
              ? html`<a href=${message.link.href} target="_blank" rel="noreferrer"
                  >${message.link.label}</a
                >`
              : nothing}
          </div>`
        : nothing}
    </div>`;
  }

  /** Whether the card may run at all while it is visible. */
  protected get mayRun(): boolean {
    return !this.preview && !isOffered(this);
  }

  private reconsider(): void {
    const there = this.hass !== undefined && this.hass.states[this.entityId] !== undefined;
    const run = this.presence.visible && this.mayRun && there;
    if (run === this.running) return;
    this.running = run;
    if (run) this.began();
    else this.ended();
    this.requestUpdate();
  }
}

/** Whether an element is in the dashboard's card picker, which does not mark it as a preview. */
function isOffered(element: Element): boolean {
  const root = element.getRootNode();
  return root instanceof ShadowRoot && root.host.localName === "hui-card-picker";
}
