"""All access to the internals of Home Assistant's stream component.

`tap.py` reads a Stream; `provider.py` keeps one while it is in use: its own by URL (`url_provider.py`)
or that of a camera entity (`entity_provider.py`). Nothing outside this package imports
`homeassistant.components.stream.core`; `tests/stream/test_contract.py` names what has moved when a
release of Home Assistant breaks this package.

May import `core`.
"""
