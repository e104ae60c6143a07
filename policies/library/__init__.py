"""The policies that ship, with their data files; `policies.load.LIBRARY` is this directory."""
