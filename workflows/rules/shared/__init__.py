"""Values and rules that approvals, orders and HR requests share."""
