"""What a `run` task can run, one file each: the registry in `tasks/run.py` lists them."""
