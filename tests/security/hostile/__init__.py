"""Hostile input: files, pages, names and messages, mutated from good ones.

Nothing but an error of ours may come of them, and neither the event loop nor the memory may suffer.
Cases are the same in each run; the environment's `RETROCAM_HOSTILE=20` makes twenty times as many.
"""
