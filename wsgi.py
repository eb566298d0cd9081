"""The door for servers: `gunicorn wsgi:app`, and for the `flask` command."""

from cxloop.app import create_app

app = create_app()
