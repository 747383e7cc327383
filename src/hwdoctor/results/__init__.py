"""Result files on disk: side-cars of our own, and the files of ASV, ours and anybody's.

Every file is data from a stranger: sizes are limited, nothing is evaluated, no path that a file
names is ever opened, and what is bad is reported with its reason instead of being dropped.
"""
