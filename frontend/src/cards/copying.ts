/** Puts a text into the clipboard, also where Home Assistant is reached by plain http. */

/**
 * `place` is an element that may have the focus: with a dialog open, one in it. Throws where the browser
 * allows nothing.
 */
export async function copyText(text: string, place: Element): Promise<void> {
  const { clipboard } = navigator as Partial<Navigator>;
  if (clipboard) {
    await clipboard.writeText(text);
    return;
  }
  const field = document.createElement("textarea");
  field.value = text;
  place.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  // Whoever reads it can still copy it by hand.
  if (!copied) throw new Error(text);
}
