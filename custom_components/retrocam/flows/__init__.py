"""Steps and forms behind `config_flow.py`.

May import `cameras`, `core`, `stream` and the names of the integration.
"""
