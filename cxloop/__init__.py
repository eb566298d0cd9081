"""cxloop: a two-tier customer-experience loop, from signal to audited closure."""
