"""Tests of one module each, without the running platform."""
