"""A full day of snapshots for the history card: in tests and in the benchmark."""

from typing import Final

A_FULL_DAY: Final = """card => {
  const { album } = card;
  const { start } = album.span;
  const [one] = album.items;
  album.day.store.add(Array.from({ length: 100_000 }, (_, number) => ({
    ...one, id: `x${number}`, time: start + number * 800, end: start + number * 800,
  })));
  card.requestUpdate();
  return card.updateComplete;
}"""
"""A function for the page, which gives the card 100,000 items like its first one."""
