"""The public kit's fixtures, and the profiles of hypothesis, for the tests of every distribution."""

import hypothesis

pytest_plugins = ["seldon_runtime.testing.fixtures"]

# chosen by --hypothesis-profile; no deadlines: a busy machine is no failure
hypothesis.settings.register_profile("quick", deadline=None, max_examples=10)
hypothesis.settings.register_profile("usual", deadline=None, max_examples=50)
hypothesis.settings.register_profile("long", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("usual")
