"""China's national days as the first revision of CN-DAYS, from `chinesecalendar`; `holidays` checks it in the tests.

Later years come by taking in the State Council's notice (`flask calendar import-days`), never by waiting for a library.
"""

from datetime import date
from importlib.metadata import version
from typing import Any, Final

from chinese_calendar import Holiday
from chinese_calendar.constants import holidays, in_lieu_days, workdays

# The library's own Chinese names leave 节 off some of them.
NAMES = {
    Holiday.new_years_day: "元旦",
    Holiday.spring_festival: "春节",
    Holiday.tomb_sweeping_day: "清明节",
    Holiday.labour_day: "劳动节",
    Holiday.dragon_boat_festival: "端午节",
    Holiday.mid_autumn_festival: "中秋节",
    Holiday.national_day: "国庆节",
    Holiday.anti_fascist_70th_day: "抗战胜利70周年纪念日",
}
OFF_IN_LIEU = "调休放假"
MAKE_UP = "调休上班"
# The numbers of the notices (国务院办公厅关于某年部分节假日安排的通知) behind the years that are seeded.
NOTICES: Final = {
    2024: "国办发明电〔2023〕7号",
    2025: "国办发明电〔2024〕12号",
    2026: "国办发明电〔2025〕7号",
}


def national_days(*, first: int = 2024) -> dict[str, Any]:
    """Give the definition of CN-DAYS from the year `first` on: each date that the plain week does not explain.

    Each date says by which notice, where its number is known, and which library brought it. Days off on a weekend are
    in it with their names; a day off in lieu and a make-up workday say so in theirs. `official_until` is the last day
    of the last year the library knows.
    """
    library = f"chinesecalendar {version('chinesecalendar')}"
    named = {
        day: ("holiday", _name(value, OFF_IN_LIEU if day in in_lieu_days else "")) for day, value in holidays.items()
    }
    named |= {day: ("workday", _name(value, MAKE_UP)) for day, value in workdays.items()}
    return {
        "official_until": f"{max(holidays).year}-12-31",
        "source": library,
        "days": [
            {"date": day.isoformat(), "kind": kind, "name": name, "source": _source(day, library)}
            for day, (kind, name) in sorted(named.items())
            if day.year >= first
        ],
    }


def _source(day: date, library: str) -> str:
    notice = NOTICES.get(day.year)
    return library if notice is None else f"{notice} ({library})"


def _name(holiday: str, suffix: str) -> str:
    return NAMES[Holiday(holiday)] + suffix
