"""Hostile input: files, pages, names and messages, mutated from valid ones.

They may cause Retrocam errors only, and must not harm the event loop or memory. The cases are the same
in each run; `RETROCAM_HOSTILE=20` in the environment runs twenty times as many.
"""
