"""What an empty installation is told first: calendars, policies, units and people, as lines to replay."""
