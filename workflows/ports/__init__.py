"""Ports: what workflows ask of the outside world. `activities/` implements them.

Each method is an activity without a body. Workflows call `workflow.execute_activity_method(CardPort.publish, ...)`
and so never import an implementation; tests replace a port with a small class.
"""
