"""Steps and forms behind `config_flow.py`.

May import `http`, `cameras` and `core`.
"""
