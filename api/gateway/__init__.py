"""The API gateway: endpoints of owners, who may call them and how often, and what is passed on to their targets."""
