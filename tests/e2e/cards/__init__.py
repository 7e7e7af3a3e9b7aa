"""Tests of the cards on the demo's dashboard: every button, in a real browser."""
