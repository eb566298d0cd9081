"""The rules of the loop: plain Python over the standard library, so that every other layer may read them."""
