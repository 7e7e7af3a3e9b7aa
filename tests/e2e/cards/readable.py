"""Finds what cannot be read, or not be reached by keyboard."""

from typing import Final, Literal

from playwright.async_api import Locator, ViewportSize

PHONE: Final[ViewportSize] = {"width": 320, "height": 640}
"""The narrowest one."""
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
IS_DARK: Final = """parseInt(getComputedStyle(document.documentElement)
  .getPropertyValue("--primary-text-color").slice(1, 3), 16) > 128"""
"""Whether the page has the colours of the dark scheme."""

FAULTS: Final = """(root) => {
  const within = (node) => [...node.querySelectorAll("*")]
    .flatMap((one) => [one, ...(one.shadowRoot ? within(one.shadowRoot) : [])]);
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
    return { rgb: [red, green, blue], alpha: alpha / 255 };
  };
  const over = ({ rgb, alpha }, under) => rgb.map((value, i) => value * alpha + under[i] * (1 - alpha));
  const luminance = (rgb) => {
    const [red, green, blue] = rgb.map((value) => value / 255)
      .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const parent = (one) => one.assignedSlot ?? one.parentElement ?? one.getRootNode().host;
  const faults = [];
  for (const one of within(root.shadowRoot)) {
    const box = one.getBoundingClientRect();
    if (box.width < 2 || !one.checkVisibility({ checkVisibilityCSS: true })) continue;
    const isPicture = ["canvas", "pre", "img", "video", "path"].includes(one.localName);
    const inside = one.closest("retrocam-screen, .stage, retrocam-grid, .hidden-text");
    const text = [...one.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE)
      .map(({ textContent }) => textContent.trim()).join("");
    const name = `${one.localName}.${one.getAttribute("class") ?? ""} ${text}`;
    if (!isPicture && (box.right > innerWidth + 1 || box.left < -1)) faults.push(`outside: ${name}`);
    const style = getComputedStyle(one);
    const isIcon = one.localName === "svg";
    // What lies on a picture has a shade of its own, which no style tells.
    if ((!text && !isIcon) || isPicture || inside) continue;
    const layers = [];
    let opacity = 1;
    let ends = false;
    for (let at = one; at; at = parent(at)) {
      const { backgroundColor, opacity: own } = getComputedStyle(at);
      layers.unshift(rgba(backgroundColor));
      opacity *= own;
      ends ||= at.disabled === true && ["button", "input"].includes(at.localName);
      if (at.localName === "dialog") break;
    }
    if (ends) continue;
    const under = layers.reduce((below, layer) => over(layer, below), [255, 255, 255]);
    const colour = rgba(style.color);
    const shown = over({ ...colour, alpha: colour.alpha * opacity }, under);
    const [light, dark] = [luminance(shown), luminance(under)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    // WCAG 2.2, 1.4.3 and 1.4.11.
    if (ratio < (isIcon || parseFloat(style.fontSize) >= 24 ? 3 : 4.5)) {
      faults.push(`contrast ${ratio.toFixed(2)}: ${name}`);
    }
  }
  return faults;
}"""
"""Texts and icons of an element with too little contrast, and what is outside of the window."""

ACTIONS: Final = """(root) => {
  const within = (node) => [...node.querySelectorAll("*")]
    .flatMap((one) => [one, ...(one.shadowRoot ? within(one.shadowRoot) : [])]);
  return within(root.shadowRoot)
    .filter((one) => one.matches("button, input, a, [role=slider]") && !one.disabled)
    // Arrow keys move inside a group, which Tab enters once.
    .filter((one) => one.tabIndex >= 0 && one.checkVisibility({ checkVisibilityCSS: true }))
    .map((one) => one.getAttribute("aria-label") ?? one.textContent.trim());
}"""
"""Labels of all controls that Tab should reach, in order."""

FOCUSED: Final = """() => {
  let one = document.activeElement;
  while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
  return one?.getAttribute("aria-label") ?? one?.textContent.trim() ?? "";
}"""
"""Label of the control that has the focus."""


async def faults(card: Locator) -> list[str]:
    """Return what is wrong with a card, as it is shown."""
    found: list[str] = await card.evaluate(FAULTS)
    return found
