"""Everything that touches the internals of Home Assistant's stream component.

`tap.py` reads a Stream; `provider.py` keeps one while it is needed, which `url_provider.py` makes
and `entity_provider.py` borrows. Nothing outside this package imports
`homeassistant.components.stream.core`; `tests/stream/test_contract.py` fails, by name, when a
release of Home Assistant moves what is relied on here.

May import `core`.
"""
