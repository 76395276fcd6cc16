"""A bare server of tables: what pandas, orjson and PyArrow do in a few lines, in an ASGI application.

python bare_table.py PORT
"""

import orjson
import pandas as pd
from asgi_parts import answer, body_of, serve

ARROW = b"application/vnd.apache.arrow.stream"


def of_records(body):
    frame = pd.DataFrame(orjson.loads(body)["jsonData"])
    return orjson.dumps({"jsonData": frame.to_dict("records")})


def of_v2(body):
    inputs = orjson.loads(body)["inputs"]
    frame = pd.DataFrame({described["name"]: described["data"] for described in inputs})
    outputs = [{**described, "data": frame[described["name"]].tolist()} for described in inputs]
    return orjson.dumps({"outputs": outputs})


def of_arrow(body):
    import pyarrow as pa  # an optional library

    frame = pa.ipc.open_stream(body).read_pandas()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


async def app(scope, receive, send):
    body = await body_of(scope, receive)
    media_type = dict(scope["headers"]).get(b"content-type", b"")
    if body:
        through = of_arrow if media_type == ARROW else of_v2 if "/v2/" in scope["path"] else of_records
        body = through(body)
    await answer(send, body, media_type)


if __name__ == "__main__":
    serve(app)
