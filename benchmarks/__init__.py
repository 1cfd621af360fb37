"""Programs that measure, and what they share.

A program is `python -m benchmarks.NAME [--quick]`, prints a table and writes
results/NAME-MACHINE.json; what is no program (`contenders`, `limits`, `table` and their
kin) serves several of them.
"""
