"""Looking at machines: run what may crash, record what it says, interpret what was recorded.

Probes collect raw text, `interpret` makes Facts of it, and nothing in between decides anything:
a live check, the replay of a recording and the check of a far machine are one code path. This
layer imports no framework; frameworks are only ever imported by probes, in processes of their
own.
"""
