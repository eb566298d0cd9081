"""The questions: read only, within what the person may see."""
