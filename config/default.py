"""Every setting with its default. The environment overrides each as CXLOOP_<NAME>; docs/runbook.md lists them."""

# Absent: an SQLite file under DATA_DIR.
DATABASE_URL = None
# Where the embedded database and the keys made at first run live; relative to the working directory.
DATA_DIR = "instance"
HOST = "127.0.0.1"
PORT = 8000
# Absent: made at first run and kept in DATA_DIR. The production profile refuses to start without both.
SECRET_KEY = None
# Encrypts customers' personal data; a key of its own, so that sessions can be renewed without touching it.
DATA_KEY = None
# How often the worker sweeps, in seconds.
SWEEP_SECONDS = 1.0
# Wrong passwords of one account from one address before it has to wait, and for how many minutes.
LOGIN_TRIES = 5
LOGIN_WAIT_MINUTES = 15
# A request's largest body in bytes (imports included).
MAX_CONTENT_LENGTH = 32 * 1024 * 1024
# Addresses of proxies whose X-Forwarded-For is believed: how many stand in front.
TRUSTED_PROXIES = 0
# Whether cookies travel over HTTPS only.
SESSION_COOKIE_SECURE = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_HOURS = 12
