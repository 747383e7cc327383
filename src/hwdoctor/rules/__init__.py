"""Judging: rules look at Facts and say what is wrong, why, and what to do.

A rule is a pure function with a stable code. It reads no machine, no file and no clock, so a
recording from hardware that nobody here owns is judged exactly as the machine under the desk.
`registry` lists the rules, `engine` runs them.
"""
