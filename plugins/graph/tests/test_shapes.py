"""The shapes of public SeldonDeployment files, in files of our own wording: each is served and answers."""

from __future__ import annotations

import pytest

MODEL, ROUTER, COMBINER = "MODEL", "ROUTER", "COMBINER"
IN, OUT = "TRANSFORMER", "OUTPUT_TRANSFORMER"
AB, AVERAGE, SIMPLE = "RANDOM_ABTEST", "AVERAGE_COMBINER", "SIMPLE_MODEL"
COMPLEX = (IN, (AB, (IN, (MODEL,)), (AVERAGE, (MODEL,), (MODEL,))))

SHAPES = {
    "a model": (MODEL,),
    "two models": (MODEL, (MODEL,)),
    "four models": (MODEL, (MODEL, (MODEL, (MODEL,)))),
    "an ensemble": (COMBINER, (MODEL,), (MODEL,)),
    "a router": (ROUTER, (MODEL,), (MODEL,)),
    "a bandit of three": (ROUTER, (MODEL,), (MODEL,), (MODEL,)),
    "both transformers": (OUT, (IN, (MODEL,))),
    "a transformer": (IN, (MODEL,)),
    "an output transformer": (OUT, (MODEL,)),
    "an ensemble between transformers": (OUT, (IN, (COMBINER, (MODEL,), (MODEL,)))),
    "an A/B test": (AB, (MODEL,), (MODEL,)),
    "an A/B test behind a detector": (IN, (AB, (MODEL,), (MODEL,))),
    "a complex graph": COMPLEX,
    "an average of three": (AVERAGE, (MODEL,), (MODEL,), (MODEL,)),
    "a simple model": (SIMPLE,),
    "a combiner of one": (COMBINER, (MODEL,)),
    "a router of one": (ROUTER, (MODEL,)),
    "a transformer alone": (IN,),
    "post-processing as the last child": (IN, (MODEL, (OUT,))),
    "children meant as a sequence": (IN, (IN,), (IN,), (COMBINER, (MODEL,), (MODEL,))),
}
BUILT_IN = {AB, AVERAGE, SIMPLE}


def built(make, shape, names):
    kind, *children = shape
    name = f"n{next(names)}"
    below = [built(make, child, names) for child in children]
    if kind in BUILT_IN:
        return make.node(name, None, *below, implementation=kind)
    return make.node(name, kind, *below)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_public_shape_answers(serve, make, shape):
    served = serve(built(make, SHAPES[shape], iter(range(100))))
    answer = served.predict()
    assert answer.status == 200
    assert answer.rows
    assert answer.json["meta"]["routing"]
    assert served.ask("POST", "/api/v1.0/feedback", {"response": answer.json, "reward": 1}).status == 200


def test_a_canary_with_its_own_graph_answers(serve, make):
    names = iter(range(100))
    main = make.predictor(built(make, COMPLEX, names), traffic=50)
    canary = make.predictor(built(make, (IN, (MODEL,)), names), "canary", traffic=50)
    served = serve(make.deployment(main, canary), "--predictor", "all")
    seen = set()
    while len(seen) < 2:
        answer = served.predict()
        assert answer.status == 200
        seen.add(answer.json["meta"]["routing"]["shop"])
