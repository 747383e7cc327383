"""The engine behind the Numba backend: eight symbols in a register, a chunk of bars at a time.

The formulas are run once over symbolic series (`stream`, `trace`), which gives a list of
operations without repetitions; `program` gives each of them a place in one small buffer and turns
it into a row of numbers; `machine`, compiled once per machine and never per formula, walks these
rows for every chunk of bars. Intermediates stay in the caches, inputs are read once, outputs are
written once, and any subset with any parameters starts at once: nothing is compiled for it.

    vector, functions    a Numba type of eight float64, its arithmetic, arc tangent and sine
    memory, blocks       rows of eight at addresses; the caller's arrays, turned in blocks of 8 x 8
    transfer, elementwise, windows, moments, direct, recursions, stops, hilbert
                         what the operations do to a chunk
    code                 the operations' numbers, and what stands where in an instruction
"""
