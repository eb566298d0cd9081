"""THE OUTSIDE: what goes out by mail or webhook; a failure is a value here, not a crash."""
