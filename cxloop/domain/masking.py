"""How personal data is shown: enough to recognise one's own customer, not enough to call him."""


def mask(text: str | None) -> str | None:
    """138****1234 for a number of eight characters or more, else the first character and stars."""
    if not text:
        return text
    if len(text) >= 8:
        return f"{text[:3]}****{text[-4:]}"
    return text[0] + "*" * max(len(text) - 1, 2)
