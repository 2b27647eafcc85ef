# The commands of this site, for people and for machines alike. `make help` lists them.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
PORT ?= 8000
export PORT

IN_VENV := .venv/bin/python
ROOMS := audit clinic outbox accounts procedures appointments
MANAGE := $(IN_VENV) manage.py
PYTEST := $(IN_VENV) -m pytest
WORDING := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))

# What a real site would set, so that checks judge the code and not this machine. Nothing is kept under these keys.
AS_IN_PRODUCTION := env -u DATABASE_URL ENV_FILE= DEBUG=off DEMO=off \
	SECRET_KEY=only-for-make-check-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG \
	FIELD_KEYS=b25seS1mb3ItbWFrZS1jaGVjay1ub3Qtc2VjcmV0ISE= \
	AUDIT_KEY=only-for-make-check-0123456789-abcdefghijklmnopqrstuvwxyz \
	ALLOWED_HOSTS=clinic.example SITE_URL=https://clinic.example EMAIL_FROM=clinic@clinic.example \
	TRUSTED_PROXIES=127.0.0.1

define WHERE_TO_LOOK

The site is at   http://127.0.0.1:$(PORT)/     in Spanish at http://127.0.0.1:$(PORT)/es/
Staff log in at  http://127.0.0.1:$(PORT)/admin/
                 as reception, reception2, nurse, editor, editor2, reviewer, manager, auditor or superuser;
                 the password of each is clinic-demo
Messages that patients would get are files under var/mail/. Press Ctrl-C to stop.

endef
export WHERE_TO_LOOK

.PHONY: help run serve test test-postgres test-wide hostile check markup bench reading sbom lock wording system static-files migrated


help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)


# Serving

run: .venv/.site-ready ## set everything up, load the demonstration and serve it (PORT=9000 make run for another port)
	@$(IN_VENV) -m clinic.first_run
	@$(MAKE) static-files
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) load_demo
	@echo "$$WHERE_TO_LOOK"
	@if [ -z "$$SITE_URL" ] && grep -q '^SITE_URL=http://127.0.0.1:' .env; then \
		export SITE_URL=http://127.0.0.1:$(PORT); fi; exec $(MAKE) serve

serve: .venv/.site-ready static-files migrated ## serve the site and send its messages, settings from the environment or .env
	@$(IN_VENV) -m clinic.serve

static-files: var/.static-ready
	@:

var/.static-ready: .venv/.site-ready $(WORDING) $(shell find static 2>/dev/null)
	@$(MANAGE) collectstatic --noinput --clear --verbosity 0
	@touch $@

%.mo: %.po .venv/.site-ready
	@$(AS_IN_PRODUCTION) $(MANAGE) compile_wording

migrated: .venv/.site-ready
	@$(MANAGE) migrate --check >/dev/null || { \
		echo "The site cannot start: its database answers no, or has changes to come."; \
		echo "Make a copy of the database, then run: $(MANAGE) migrate"; exit 1; }


# Trying

test: .venv/.tools-ready system $(WORDING) ## run each behaviour once, on SQLite, with a real browser where there is one
	@env -u DATABASE_URL $(PYTEST) -n 2 --dist worksteal -m "not wide" $(ARGS)

test-postgres: .venv/.tools-ready system $(WORDING) ## the same on PostgreSQL: DATABASE_URL, or one that lives as long as the tests
	@$(IN_VENV) tests/throwaway_postgres.py $(PYTEST) -n 2 --dist worksteal -m "not wide" $(ARGS)

test-wide: .venv/.tools-ready system $(WORDING) ## run the matrices: page by mode and width, field by hostile value, address by role
	@env -u DATABASE_URL $(PYTEST) -n 2 --dist worksteal -m wide $(ARGS)

hostile: .venv/.tools-ready system $(WORDING) ## try every hostile value in every field of staff, which takes a quarter of an hour
	@env -u DATABASE_URL HOSTILE=all $(PYTEST) -n 2 --dist worksteal -m wide tests/test_hostile_staff.py $(ARGS)

check: .venv/.tools-ready system ## formatting, lint, what is unsafe, migrations, translations, deploy checks, generated files
	$(IN_VENV) -m ruff format --check .
	$(IN_VENV) -m ruff check .
	$(IN_VENV) -m djlint --lint --quiet templates
	$(IN_VENV) -m bandit --quiet --recursive --configfile pyproject.toml $(ROOMS) manage.py gunicorn.conf.py
	$(IN_VENV) -m tests.safety_lint
	$(IN_VENV) -m django_upgrade --check --target-version 5.2 $$(find $(ROOMS) tests -name '*.py')
	$(AS_IN_PRODUCTION) $(MANAGE) makemigrations --check --dry-run
	$(AS_IN_PRODUCTION) $(MANAGE) check_wording
	$(AS_IN_PRODUCTION) $(MANAGE) check --deploy --fail-level WARNING
	$(AS_IN_PRODUCTION) $(MANAGE) state_diagrams --check

markup: .venv/.tools-ready $(WORDING) ## check HTML, CSS, drawings and structured data with tools of the W3C and of schema.org (Java, Node)
	@$(IN_VENV) -m tests.markup.check

bench: .venv/.tools-ready $(WORDING) ## measure the queue with few requests and with many (ARGS="--many 1000000"); prints ratios, keeps them in var/bench
	@env -u DATABASE_URL $(IN_VENV) -m benchmarks.queue $(ARGS)

reading: .venv/.tools-ready ## print how hard the demonstration is to read, page by page
	@$(IN_VENV) -m tests.reading


# Keeping

wording: .venv/.site-ready ## gather the sentences to translate into locale/, and build what is translated
	@$(MANAGE) makemessages --locale es --add-location file --no-obsolete --ignore tests --ignore var --ignore docs
	@$(MANAGE) compile_wording

sbom: .venv/.tools-ready ## write var/sbom.json: what the site is built from, with hashes and licences (CycloneDX)
	@$(IN_VENV) -m tests.bill_of_materials

lock: .venv/.tools-ready ## make requirements.txt and requirements-dev.txt from the .in files
	@for name in requirements requirements-dev; do \
		$(IN_VENV) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(ARGS) \
			$$name.in --output-file $$name.txt || exit 1; done


# Setting up, done once and again when a lock changes

system: ## install Chromium, PostgreSQL, gettext and pango where that is possible, or say what is left out
	@.ci/system

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "This site needs Python 3.11 or newer as $(PYTHON). Another one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "Python could not make .venv/. On Debian or Ubuntu, first run: apt-get install python3-venv"; exit 1; }

.venv/.site-ready: requirements.txt | .venv/bin/python
	@echo "Setting up .venv/ ..."
	@$(IN_VENV) -m pip install -qq --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/.tools-ready: requirements-dev.txt | .venv/.site-ready
	@echo "Setting up the tools for tests and checks ..."
	@$(IN_VENV) -m pip install -qq --disable-pip-version-check --require-hashes -r $<
	@touch $@
