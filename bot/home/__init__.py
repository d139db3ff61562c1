"""The App Home: what each person is looking at, and republishing it when its records change."""
