"""Steps and forms of `config_flow.py`, and the options flow.

May import `http`, `cameras` and `core`.
"""
