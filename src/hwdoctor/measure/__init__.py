"""Verify, then time; what is wrong is never ranked.

A cell (workload, task, configuration, precision, size) is measured in a worker process of its
own, which gets the configuration's environment variables before anything is imported, a
deadline and a memory limit. What became of it is an `Outcome`, whatever happened.
"""
