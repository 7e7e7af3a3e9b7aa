"""Retrocam without Home Assistant: nothing below this package imports it.

Pure Python, PyAV, numpy and simplejpeg. The layers above hand in clocks, event loops and sources.
"""
