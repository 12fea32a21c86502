"""What holds for every test: property tests are judged by their verdict, never by the time they take on a busy machine.

Where ``CI`` is set they try the same examples every time; elsewhere new ones, and a failure prints how to repeat it.
"""

import os

from hypothesis import settings

settings.register_profile("chainroom", deadline=None, print_blob=True)
settings.register_profile("ci", settings.get_profile("chainroom"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "chainroom")
