"""Requests made from OpenAPI documents: Swagger 2.0 and OpenAPI 3.x."""
