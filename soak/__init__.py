"""The soak: a real Home Assistant among clients and sources that misbehave, for minutes or hours."""
