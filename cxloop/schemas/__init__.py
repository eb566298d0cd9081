"""What comes in and goes out, shared by every door."""
