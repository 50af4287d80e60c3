"""The safety path: limits in code, hazards as one table, and the gate between request and permit.

It shares no code with sensing and control: it judges raw readings with its own arithmetic.
"""
