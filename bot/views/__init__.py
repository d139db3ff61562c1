"""Views: values in, messages and modals out. The only Block Kit in the house, and every sentence."""
