"""Retrocam without Home Assistant: nothing below this package imports it.

Pure Python, PyAV, numpy and simplejpeg. The layers above hand in clocks, event loops and sources.

May import nothing above itself, and its own modules none of its packages.
"""
