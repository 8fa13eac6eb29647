"""The workflow language: Serverless Workflow DSL 1.0.x, checked, compiled and run without any I/O of its own."""
