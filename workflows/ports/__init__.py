"""Ports: the activities that workflows call. `activities/` implements them.

A port's methods have no body. Workflows call `workflow.execute_activity_method(CardPort.publish, ...)`
and so never import an implementation. Tests replace a port with a small class.
"""
