"""Retrocam without Home Assistant: Python, PyAV, numpy, simplejpeg, and what few modules need beside.

Callers pass in clocks, event loops and sources.

May import nothing above itself, and its own modules none of its packages.
"""
