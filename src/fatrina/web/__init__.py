"""HTTP interface: parse requests, call actions and serialize their results; no business rules."""
