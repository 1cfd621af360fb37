"""Programs that measure. Each is `python -m benchmarks.NAME [--quick]`, prints a table and writes results/NAME-MACHINE.json."""
