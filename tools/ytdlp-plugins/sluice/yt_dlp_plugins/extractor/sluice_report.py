"""Says what HTTP answered, as one line of JSON on stderr.

yt-dlp's own words drop Retry-After and the host, and differ by version and extractor. This runs inside yt-dlp for plain and
encrypted addresses alike, whichever of its HTTP libraries made the request.
"""

import json
import sys
from urllib.parse import urlsplit

from yt_dlp.networking import exceptions

_construct = exceptions.HTTPError.__init__


def _report(self, response, *args, **kwargs):
    _construct(self, response, *args, **kwargs)
    try:
        url = urlsplit(response.url)
        line = json.dumps({
            'status': response.status,
            'scheme': url.scheme,
            'host': url.hostname,
            'retryAfter': response.headers.get('Retry-After'),
        })
        print(f'SLUICE-HTTP {line}', file=sys.stderr, flush=True)
    except Exception as error:  # a report must never be the reason for a failure
        print(f'SLUICE-HTTP-UNREADABLE {error!r}', file=sys.stderr, flush=True)


exceptions.HTTPError.__init__ = _report
