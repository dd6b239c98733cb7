"""The owner's Amazon applications: their credentials, and the circuit breakers around them."""
