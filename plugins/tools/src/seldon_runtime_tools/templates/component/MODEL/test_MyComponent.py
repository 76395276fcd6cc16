import numpy as np
from MyComponent import MyComponent


def test_a_row_at_the_threshold_scores_a_half():
    model = MyComponent(threshold=2.0)
    model.load()
    assert model.predict(np.array([[1.0, 3.0], [9.0, 9.0]]), ["a", "b"])[0] == 0.5
