"""The default catalogue by subject, one file each; `workflows.language.functions` finds them by name."""
