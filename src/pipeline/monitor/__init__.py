"""Watch what was promised: have customers changed, and did what was predicted come true."""
