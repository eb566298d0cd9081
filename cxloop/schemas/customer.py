"""What calling and answering a customer takes."""

from ..domain.contacts import ContactMethod
from .fields import Code, Moment, OneOf, Strict, Text, Truth

# Why somebody looks who says no other reason: to call. The reason is on the trail all the same.
TO_CALL = "contact_customer"


class SignalReveal(Strict):
    """Why the customer's data are looked at; to contact the customer 联系客户 where nothing else is said."""

    reason = Code(load_default=TO_CALL)
    text = Text(allow_none=True)


class SignalContact(Strict):
    """A try to reach the customer: when (now, unless said), how, whether it succeeded, what was said."""

    tried_at = Moment(allow_none=True)
    method = OneOf(ContactMethod, required=True)
    reached = Truth(required=True)
    note = Text(most=2000, required=True)


class SignalAnswer(Strict):
    """What the customer was told, how, and the call-back's result."""

    text = Text(required=True)
    method = OneOf(ContactMethod, required=True)
    satisfied = Code(allow_none=True)
    why = Code(allow_none=True)
