"""The served model, and the conversion of V2 requests and answers to neutral messages and back."""
