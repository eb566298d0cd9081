"""The cast of every story. Wu is the outsider: of Sichuan, he may see nothing of Guangdong's."""

LIN, HE = "lin", "he"  # center managers: He stands in where Lin gave the verdict
ANALYST, XU = "analyst", "xu"  # center analysts
CHEN, WU = "chen", "wu"  # leads of Guangdong (P44) and Sichuan (P51)
HANDLER, LEADER = "44handler", "44leader"  # of Guangdong; the handler is its liaison too
BRANCH = "p4401lead"  # lead of a city branch below Guangdong
ZHAO, QIAN = "zhao", "qian"  # auditors
OPS = "ops"  # administers, and sees no work

# Two hats each, for duties that are kept apart; tests/factories.py adds them to the demo's people.
TANG = "tang"  # analyst, and lead of Guangdong
SUN = "sun"  # center manager, and auditor
TWO_HATS = {
    TANG: (("CENTER", "analyst"), ("P44", "unit_lead")),
    SUN: (("CENTER", "center_manager"), ("A01", "auditor")),
}

CENTER, AUDIT = "CENTER", "A01"
GUANGDONG, SICHUAN, BEIJING, SHANGHAI, XINJIANG, TIBET = "P44", "P51", "P11", "P31", "P65", "P54"
MARKET, IT = "D01", "D03"  # HQ departments
# Eleven of them make a large wave; all of them are two digits after a P.
MANY = ("P11", "P12", "P13", "P14", "P15", "P21", "P22", "P23", "P31", "P32", "P33")


def lead_of(unit: str) -> str:
    """The lead of a province, base, department or branch."""
    known = {GUANGDONG: CHEN, SICHUAN: WU}
    return known.get(unit, f"{unit[1:] if unit[0] == 'P' and len(unit) == 3 else unit.lower()}lead")
