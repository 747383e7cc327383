"""What a person or another program reads: the only layer that knows of colour and width.

Every function here takes values of the lower layers and returns something to show: a rich
renderable, or text in a machine format. None prints, and none decides anything. Text that came
from other machines passes through `results.printable` before it is shown.
"""
