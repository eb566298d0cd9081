"""What tests change: nothing that an act or a rule could notice."""

TESTING = True
SECRET_KEY = "tests only"  # noqa: S105 - a secret that protects nothing
DATA_KEY = "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk="
WTF_CSRF_TIME_LIMIT = None
