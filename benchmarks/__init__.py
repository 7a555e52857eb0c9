"""What is measured, apart from the tests: `python -m benchmarks`. Figures and commands go to docs/benchmarks.md."""
