"""Retrocam without Home Assistant: Python, PyAV, numpy and simplejpeg.

Callers pass in clocks, event loops and sources.

May import nothing above itself, and its own modules none of its packages.
"""
