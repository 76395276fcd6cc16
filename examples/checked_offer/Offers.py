from pydantic import BaseModel, Field


class Customer(BaseModel):
    age: int = Field(ge=0, examples=[70])
    plan: str = "basic"


class Offer(BaseModel):
    discount: float
    reason: str


class Offers:
    """Requests are checked, and answers are objects; ``/docs/`` shows the schema of both."""

    def predict(self, X: Customer) -> Offer:
        is_senior = X.age >= 65
        return Offer(discount=0.2 if is_senior else 0, reason="senior" if is_senior else "none")
