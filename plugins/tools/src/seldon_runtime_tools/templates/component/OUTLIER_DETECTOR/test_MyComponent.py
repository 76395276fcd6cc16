from MyComponent import MyComponent


def test_a_row_is_scored_by_its_farthest_value():
    detector = MyComponent(centre=1.0, spread=2.0)
    assert detector.score([[1.0, 1.0], [1.0, -9.0]], ["a", "b"]).tolist() == [0.0, 5.0]
