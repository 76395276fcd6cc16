"""The Seldon v1 protocol as JSON values: SeldonMessage, Feedback, TensorProto.

Everything runs on the component's thread.
"""
