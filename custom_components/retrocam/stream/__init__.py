"""Everything that touches the internals of Home Assistant's stream component.

`tap.py` reads a Stream; `supply.py` keeps one while it is needed, which `url_supply.py` makes and
`entity_supply.py` borrows. Nothing outside this package imports
`homeassistant.components.stream.core`; `tests/stream/test_contract.py` fails, by name, when a
release of Home Assistant moves what is relied on here.
"""
