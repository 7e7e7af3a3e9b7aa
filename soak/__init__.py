"""The soak test: a real Home Assistant among misbehaving clients and sources, for minutes or hours."""
