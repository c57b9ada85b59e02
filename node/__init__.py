"""The registry put together: store, rules and keys behind one interface."""
