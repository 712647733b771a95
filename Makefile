# One Python file does the work, the same on Windows and macOS: python packaging/prepare.py setup | run | test | soak
PYTHON ?= $(shell command -v python3.11 || command -v python3)

.PHONY: run test soak setup

run:            ## the console on the demo site
	@"$(PYTHON)" packaging/prepare.py run $(ARGS)

test:           ## every check and test
	@"$(PYTHON)" packaging/prepare.py test $(ARGS)

soak:           ## a million transactions through bad lines, a thousand kills, an hour of memory
	@"$(PYTHON)" packaging/prepare.py soak $(ARGS)

setup:          ## only what both need: .venv and Qt's system libraries
	@"$(PYTHON)" packaging/prepare.py setup
