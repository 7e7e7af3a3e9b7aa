"""Tests of the cards on the demo's dashboard: every button of theirs, pressed in a real browser."""
