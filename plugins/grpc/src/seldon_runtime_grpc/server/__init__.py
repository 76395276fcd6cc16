"""The path of a unary call, from grpcio to the service and back.

`handlers` finds an RPC and begins its call. An `exchange` sends the answer; `callback_exchange` and
`thread_exchange` implement it. Only `transport`, `health` and `reflection` import this folder. Calls begin
on grpcio's serving thread, and answers are sent from the component's thread.
"""
