"""Property tests here are judged by their verdict, never by the time they take on a busy machine."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
