"""Virtual devices with real physics, served over real Modbus on the same profiles that read the field.

`spec` says what there is, `world` lets time pass over it, `images` turns its values into registers, `server` answers
for them, `recall` tells what they would have answered in the past hours. Nothing here knows the console.
"""
