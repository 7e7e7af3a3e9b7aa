/** Copies a text to the clipboard, also where Home Assistant is served over plain HTTP. */

/**
 * `parent` is an element that may have the focus: one inside the dialog, if a dialog is open. Throws if the
 * browser does not allow copying.
 */
export async function copyText(text: string, parent: Element): Promise<void> {
  const { clipboard } = navigator as Partial<Navigator>;
  if (clipboard) {
    await clipboard.writeText(text);
    return;
  }
  const field = document.createElement("textarea");
  field.value = text;
  parent.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  // The text stays visible, to be copied by hand.
  if (!copied) throw new Error(text);
}
