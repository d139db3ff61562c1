"""Rules of an HR request: form, saga, snapshot."""
