"""The grammar of the URL and of the headers: text in, values of `api.rest.query` out. Pure."""
