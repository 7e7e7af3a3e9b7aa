/** The frame as text, only while the user selects it. */

import { FONT_FAMILY } from "../player/atlas";

export interface TextHost {
  /** The element whose box the text fills. */
  element: Element;
  /** The current frame, one line for each row; empty if there is none. */
  text(): string;
  grid(): { cols: number; rows: number } | undefined;
  /** The element with the text, once it is shown. */
  node(): Node | undefined;
  /** Shows `frozen` before it returns. */
  changed(): void;
}

/** Font size in CSS pixels, before the text is stretched. */
const SIZE = 10;

/**
 * A mouse selects by dragging; on a touch screen dragging scrolls the page, and a button selects all. The browser
 * cannot select text that was not there at pointerdown, so this class does, on the character grid.
 */
export class TextLayer {
  /** The frozen text, undefined while the picture moves. */
  frozen: string | undefined;
  /** Where a selection by mouse began, as an offset into the text. */
  private anchor: number | undefined;

  constructor(private readonly host: TextHost) {}

  selectAll(): void {
    if (this.freeze()) this.select(0, this.frozen!.length);
  }

  /** Returns to the moving picture. */
  thaw(): void {
    this.anchor = undefined;
    if (this.frozen === undefined) return;
    document.removeEventListener("pointerdown", this.elsewhere, true);
    this.frozen = undefined;
    getSelection()?.removeAllRanges();
    this.host.changed();
  }

  pressed(event: PointerEvent): void {
    if (event.pointerType !== "mouse" || event.button !== 0 || !this.freeze()) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.anchor = this.offsetAt(event);
    this.select(this.anchor, this.anchor);
  }

  dragged(event: PointerEvent): void {
    if (this.anchor !== undefined) this.select(this.anchor, this.offsetAt(event));
  }

  released(event: PointerEvent): void {
    const { anchor } = this;
    this.anchor = undefined;
    // A click without a selection returns to the picture.
    if (anchor !== undefined && anchor === this.offsetAt(event)) this.thaw();
  }

  /** Stretches the text over the picture. */
  style(): string {
    const grid = this.host.grid();
    if (this.frozen === undefined || !grid) return "";
    const { clientWidth, clientHeight } = this.host.element;
    const x = clientWidth / (grid.cols * SIZE * letterWidth());
    const y = clientHeight / (grid.rows * SIZE);
    return `font-size:${SIZE}px;line-height:${SIZE}px;transform:scale(${x},${y})`;
  }

  private freeze(): boolean {
    const text = this.host.text();
    if (!text) return false;
    this.frozen = text;
    this.host.changed();
    document.addEventListener("pointerdown", this.elsewhere, true);
    return true;
  }

  /** The character under a pointer, as an offset into the text. */
  private offsetAt(event: PointerEvent): number {
    const { cols, rows } = this.host.grid()!;
    const box = this.host.element.getBoundingClientRect();
    const cell = (at: number, size: number, cells: number): number =>
      Math.min(cells, Math.max(0, Math.floor((at / size) * cells)));
    const row = Math.min(rows - 1, cell(event.clientY - box.top, box.height, rows));
    return row * (cols + 1) + cell(event.clientX - box.left, box.width, cols);
  }

  private select(from: number, to: number): void {
    const node = this.host.node();
    if (node) getSelection()?.setBaseAndExtent(node, from, node, to);
  }

  /**
   * A press elsewhere on the page ends the selection and resumes the picture. Inside a shadow root, not every
   * browser reports that through the selection itself. Clicks on the card's own buttons go through.
   */
  private readonly elsewhere = (event: Event): void => {
    const card = (this.host.element.getRootNode() as Partial<ShadowRoot>).host ?? this.host.element;
    if (!event.composedPath().includes(card)) this.thaw();
  };
}

let measured: number | undefined;

/** Width of a character of the screen's font, relative to the font size. */
function letterWidth(): number {
  if (measured === undefined) {
    const context = document.createElement("canvas").getContext("2d")!;
    context.font = `100px ${FONT_FAMILY}`;
    measured = context.measureText("M").width / 100 || 0.6;
  }
  return measured;
}
