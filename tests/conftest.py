"""What holds for every test: property tests are judged by their verdict, never by the time they take on a busy machine.

They try the same examples every time; with ``CHAINROOM_FULL=1`` new ones, and a failure prints how to repeat it.
"""

import os

from hypothesis import settings

settings.register_profile("chainroom", deadline=None, print_blob=True)
settings.register_profile("ci", settings.get_profile("chainroom"), derandomize=True)
settings.load_profile("chainroom" if os.environ.get("CHAINROOM_FULL") else "ci")
