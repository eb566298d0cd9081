"""What is measured, and how: `python -m bench`. README.md says what each program means, RESULTS.md what it gave."""
