"""Real systems that are broken on purpose, and what is measured while they are.

The safety tests and ``tools/reaction_times.py`` share this: nodes in their own processes, a witness
that hears what the hardware does, and the faults.
"""
