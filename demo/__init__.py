"""The demo: a real Home Assistant with Retrocam in it, set up as a user would."""
