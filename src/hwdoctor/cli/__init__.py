"""The command line: parse, call, render, exit code; nothing else.

`main` finds the command and turns whatever happens into an exit code; one module per command
says what it accepts and which layer answers. No command computes anything itself, and none
writes to standard output except through `output`, so that a result is all that stands there.
"""
