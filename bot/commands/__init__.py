"""The command line beyond starting things: requests and absences, for operators and scripts."""
