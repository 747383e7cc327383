"""What follows from results: what is fastest among what was proven, and what changed.

Pure functions of result sets; nothing here opens a file, asks a machine or prints.
"""
