"""Where a program is on its way through a list, as a text that it hands back unread.

It holds nothing but what the list showed of its last row.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime

from web.messages import text
from web.problems import BadParameter

LONGEST = 200


def cursor(way: str, moment: datetime, number: str) -> str:
    """After the row of this moment and number, on the way so called."""
    return base64.urlsafe_b64encode(json.dumps([way, moment.isoformat(), number]).encode()).decode().rstrip("=")


def place(given: str, way: str) -> tuple[datetime, str]:
    """BadParameter when it is none, or one of another way."""
    try:
        if len(given) > LONGEST:
            raise ValueError(given)
        found = json.loads(base64.b64decode(given + "=" * (-len(given) % 4), altchars=b"-_", validate=True))
        of, moment, number = found
        after = datetime.fromisoformat(moment)
        if of != way or after.tzinfo is None or not isinstance(number, str) or "\x00" in number:
            raise ValueError(given)
        number.encode()
    except (binascii.Error, TypeError, ValueError, OverflowError):
        raise BadParameter("cursor", given, text("wrong.cursor")) from None
    return after, number
