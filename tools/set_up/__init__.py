"""Prepares everything that the project needs, in the folder of the project.

Only the standard library is used here: this is the program that installs the rest.
"""
