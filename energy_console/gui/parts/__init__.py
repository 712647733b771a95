"""Widgets and painters that several pages share; one part a file, named as the part is named on screen."""
