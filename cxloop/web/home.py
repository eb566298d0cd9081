"""The way in: everybody to the list they work from."""

from flask import redirect, url_for
from werkzeug.wrappers import Response

from .desk import desk, me, page, sees_work


@desk.get("/")
def home() -> Response | str:
    """To the issues for who reads all, to the tasks for a unit; an admin reads why there is neither."""
    if not sees_work():
        return page("admin.html")
    return redirect(url_for("desk.issue_list" if me().person.reads_all() else "desk.task_list"))
