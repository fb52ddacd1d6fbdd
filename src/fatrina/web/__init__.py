"""The way in: translates requests into actions and answers into JSON; never decides."""
