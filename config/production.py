"""What production changes: keys must be given, cookies travel over HTTPS only."""

SESSION_COOKIE_SECURE = True
REQUIRE_KEYS = True
