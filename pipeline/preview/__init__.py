"""The author's page: the next issue as it will be, changed, approved and watched on its way.

`desk.py` opens the project for one request, `guard.py` says who may ask, `live.py` tells an open page what changed,
`errand.py` does what takes longer than a request. A page is one file in `pages/` and its template in `views/`.
"""

from pipeline.preview.app import application
from pipeline.preview.desk import Desk
from pipeline.preview.guard import Door, Password

__all__ = ["Desk", "Door", "Password", "application"]
