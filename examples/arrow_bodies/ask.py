"""Sends a table as a stream of Arrow, and receives one."""

import sys
from urllib.request import Request, urlopen

import pyarrow as pa

TYPE = "application/vnd.apache.arrow.stream"
table = pa.table({"pieces": [3, 2], "price": [2.5, 10.0]})
sink = pa.BufferOutputStream()
with pa.ipc.new_stream(sink, table.schema) as writer:
    writer.write_table(table)
url = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:5000"
body = sink.getvalue().to_pybytes()
request = Request(f"{url}/predict", body, {"Content-Type": TYPE, "Accept": TYPE})
with urlopen(request) as response:
    answer = pa.ipc.open_stream(response.read()).read_all()
print(answer.to_pydict())
