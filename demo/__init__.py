"""The demo: a real Home Assistant with Retrocam, set up as a user would."""
