# The commands of the project; each is a script under scripts/, which says more.
# PG: the majors to work on.  PG_CONFIG: the server to install into.
PG ?= 15
PG_CONFIG ?= pg_config

.PHONY: help demo test soak bench readme install package fmt lint clean

help:
	@echo 'make demo                      build, start a throw-away cluster and show pg_interlock at work on it'
	@echo 'make test [PG="15 16 17 18"]   run every test on these majors (default 15)'
	@echo 'make soak [PG=...]             run the long tests, and the oracle on older minor releases'
	@echo 'make bench                     measure what pg_interlock costs'
	@echo 'make readme                    write the table of statements in README.md anew'
	@echo 'make install [PG_CONFIG=...]   build an optimised library and install it into that server'
	@echo 'make package [PG_CONFIG=...]   build the same and leave the files under target/'
	@echo 'make fmt                       format the sources'
	@echo 'make lint [PG=...]             check format, clippy and shell scripts'
	@echo 'make clean                     remove everything that was built'

demo:
	scripts/demo

test:
	scripts/test $(PG)

soak:
	scripts/test --soak $(PG)
	scripts/test-minors

bench:
	scripts/bench

readme:
	scripts/test --readme 15 16 17 18

install:
	scripts/setup
	scripts/install --release $(PG_CONFIG)

package:
	scripts/setup
	scripts/package $(PG_CONFIG)

fmt:
	cargo fmt --all

lint:
	scripts/lint $(PG)

clean:
	rm -rf target
