"""What the channels and the desk both need of HTTP."""
