# The two commands: `make demo` and `make test`. Everything else is for who changes the code.
PYTHON ?= python3
BIN := .venv/bin
SERVE ?= 1
DEMO_HOME ?= var/demo
CASES ?= 5000
KILLS ?= 40
MINUTES ?= 10

.PHONY: demo test coverage test-thorough test-postgres check fuzz faults docs clean

# The lock is complete: left to look for dependencies, an older pip finds newer ones than it names and refuses them.
.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/pip check --disable-pip-version-check
	touch $@

# From nothing to a published list and its web page; SERVE=0 stops after checking that the page answers.
demo: .venv/ready
	rm -rf $(DEMO_HOME) $(DEMO_HOME).key $(DEMO_HOME)-files
	$(BIN)/zerodrop demo --home $(DEMO_HOME) $(if $(filter 0,$(SERVE)),--no-serve,--serve)

test: .venv/ready
	@$(BIN)/python scripts/find_chromium.py || echo "BROWSER TESTS WILL BE SKIPPED"
	$(BIN)/pytest -n 2 --dist loadfile -m "not second_pass and not thorough"

# Which lines the tests of every day reach; a third slower than without.
coverage: .venv/ready
	$(BIN)/pytest -n 2 --dist loadfile -m "not second_pass and not thorough" --cov --cov-branch --cov-report=term:skip-covered

# What takes minutes (tests/conftest.py names the files): whole trainings, kills, backups, notebooks, the open data.
test-thorough: .venv/ready
	$(BIN)/pytest -n 2 --dist loadfile -m "thorough and not second_pass"

# The functional tests once more, on PostgreSQL; everything else about PostgreSQL is in the two above.
test-postgres: .venv/ready
	$(BIN)/pytest -n 2 --dist loadfile -m second_pass

check: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python scripts/write_docs.py --check
	$(BIN)/python scripts/check_tree.py
	$(BIN)/pytest -q -p no:cacheprovider tests/test_architecture.py tests/test_docs.py tests/test_texts.py tests/test_tree.py

# Thousands of random models against LightGBM, shap and Shapley's definition, and of damaged ones; `make test` runs a few.
fuzz: .venv/ready
	ZERODROP_CASES=$(CASES) $(BIN)/pytest -q -n 2 -p no:cacheprovider -o timeout=0 tests/models/explain/test_fuzz*.py tests/models/test_hostile.py

# Every fault of docs/reliability.md against the real service: kills, full disks, locks, damage, then a soak. Some need root.
faults: .venv/ready
	ZERODROP_KILLS=$(KILLS) $(BIN)/pytest -q -p no:cacheprovider -o timeout=0 tests/faults tests/functional/test_server.py \
		tests/records/test_records_publish_crashes.py tests/records/test_records_crashes.py tests/functional/test_command_score_all.py
	$(BIN)/python -m tests.faults.soak --minutes $(MINUTES)

# What is generated from the code.
docs: .venv/ready
	$(BIN)/python scripts/write_docs.py

clean:
	rm -rf .venv var
